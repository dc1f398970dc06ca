// Every fleet installed once by the real decide(), and then asked for a certificate and one more
// smoke test: the plans of each host as they are told, and every file in them. A file of which host, path and text are known already is told by its first name.
import type { PlanDraft } from '../../coordinator/planner/decision.ts';
import { PlanningWorld } from '../support/planning-world.ts';
import { askFor, goalOf } from './adapter.ts';
import { fileOf, type StepFile } from './files-of-steps.ts';
import { anotherSmokeTest, type Fleet, fleets, userCertificate } from './fleets.ts';
import { type ToldPlan, toldPlan } from './plan-lines.ts';

export interface ToldHost {
  readonly name: string;
  readonly plans: readonly ToldPlan[];
  /** Path on the host to the folder whose golden file has its text, in the order of writing. */
  readonly files: ReadonlyMap<string, string>;
}

export interface ToldInstall {
  readonly fleet: Fleet;
  readonly hosts: readonly ToldHost[];
}

export interface ToldInstalls {
  readonly installs: readonly ToldInstall[];
  /** Golden file to text. */
  readonly texts: ReadonlyMap<string, string>;
}

export function installEverything(): ToldInstalls {
  const texts = new Map<string, string>();
  const places = new Map<string, string>();
  const placeFor = (host: string, { path, text }: StepFile): string => {
    const key = `${path}\n${text}`;
    const place = places.get(key) ?? freePlace(texts, host, path);
    places.set(key, place);
    texts.set(`${place}${path}`, text);
    return place;
  };
  const installs = fleets.map((fleet) => ({ fleet, hosts: hostsOf(fleet, placeFor) }));
  return { installs, texts };
}

function hostsOf(
  fleet: Fleet,
  placeFor: (host: string, file: StepFile) => string,
): readonly ToldHost[] {
  const world = new PlanningWorld([], fleet.view);
  world.runAll();
  askFor(world, [userCertificate, anotherSmokeTest]);
  world.runAll();
  return world.view.nodes.map(({ record: { name } }) => {
    const drafts = inOrder(
      world.plans.filter(({ node }) => node === name).map(({ draft }) => draft),
    );
    const placeOf = (file: StepFile): string => placeFor(`${fleet.name}/${name}`, file);
    const steps = drafts.flatMap(({ stages }) => stages.flatMap((stage) => stage.steps));
    const files = steps.map(fileOf).filter((file) => file !== null);
    return {
      name,
      files: new Map(files.map((file) => [file.path, placeOf(file)])),
      plans: drafts.map((draft) => toldPlan(draft, placeOf)),
    };
  });
}

/** The cluster lane takes several plans at once: which of them comes first says nothing. */
function inOrder(drafts: readonly PlanDraft[]): readonly PlanDraft[] {
  const ofCluster = drafts.filter(({ lane }) => lane === 'cluster');
  return [
    ...drafts.filter(({ lane }) => lane === 'host'),
    ...ofCluster.toSorted((a, b) => goalOf(a).localeCompare(goalOf(b), 'en')),
  ];
}

/** A host that gets another text at the same path later has a second folder. */
function freePlace(texts: ReadonlyMap<string, string>, host: string, path: string): string {
  for (let number = 1; ; number += 1) {
    const place = number === 1 ? host : `${host}-${number}`;
    if (!texts.has(`${place}${path}`)) return place;
  }
}
