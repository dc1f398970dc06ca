// A plan as lines a person reads: a heading, a line per stage, a line per step with everything the
// agent gets. Texts of files are named, not repeated: they have golden files of their own.
import type { PlanDraft } from '../../coordinator/planner/decision.ts';
import type { Stage } from '../../shared/model/plan.ts';
import type { Step } from '../../shared/model/step.ts';
import { attemptOf, goalOf } from './adapter.ts';
import { fileOf, type StepFile } from './files-of-steps.ts';

/** The folder of golden files, for example three-masters/m1, that has this file with this text. */
export type PlaceOf = (file: StepFile) => string;

export interface ToldStage {
  readonly title: string;
  readonly steps: readonly { readonly id: string; readonly line: string }[];
}

export interface ToldPlan {
  readonly goal: string;
  /** The goal with the lane and, from the second on, the attempt. */
  readonly heading: string;
  /** Components whose digests are recorded when it is done. */
  readonly brings: readonly string[];
  readonly stages: readonly ToldStage[];
}

export function toldPlan(draft: PlanDraft, placeOf: PlaceOf): ToldPlan {
  const attempt = attemptOf(draft) === 1 ? '' : `, attempt ${attemptOf(draft)}`;
  return {
    goal: goalOf(draft),
    heading: `${goalOf(draft)} (${draft.lane} lane${attempt})`,
    brings: Object.keys(draft.brings),
    stages: toldStages(draft.stages, placeOf),
  };
}

export const toldStages = (stages: readonly Stage[], placeOf: PlaceOf): readonly ToldStage[] =>
  stages.map(({ title, steps }) => ({
    title,
    steps: steps.map((step) => ({ id: step.id, line: stepLine(step, placeOf) })),
  }));

export const linesOf = (plan: ToldPlan): readonly string[] => [
  plan.heading,
  ...(plan.brings.length === 0 ? [] : [`  brings ${plan.brings.join(', ')}`]),
  ...plan.stages.flatMap(({ title, steps }) => [
    `  ${title}`,
    ...steps.map(({ line }) => `    ${line}`),
  ]),
];

// Widths are fixed, so that one longer name does not move every other line.
function stepLine(step: Step, placeOf: PlaceOf): string {
  const { id, kind, effect, timeoutSeconds, onStop, beginWithinSeconds } = step;
  const begin = beginWithinSeconds === null ? '' : ` begin-within=${beginWithinSeconds}s`;
  const how = `${effect} ${timeoutSeconds}s ${onStop}${begin}`;
  const what = [id.padEnd(40), kind.padEnd(23), how.padEnd(22), argumentsOf(step, placeOf)];
  return what.join(' ').trimEnd();
}

function argumentsOf(step: Step, placeOf: PlaceOf): string {
  const file = fileOf(step);
  return Object.entries(step.args)
    .map(([name, value]) => {
      if (name === file?.argument) return `${name}=<${placeOf(file)}>`;
      if (name === 'mode' && typeof value === 'number') return `mode=0${value.toString(8)}`;
      return `${name}=${shown(value)}`;
    })
    .join(' ');
}

/** Digests are shortened wherever they stand; nothing else is left out. */
function shown(value: unknown): string {
  if (typeof value === 'string') {
    const short = value.replace(/[0-9a-f]{64}/g, (digest) => `${digest.slice(0, 8)}…`);
    return /^[^\s[\]{}=]+$/.test(short) ? short : JSON.stringify(short);
  }
  if (Array.isArray(value)) return `[${value.map(shown).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([name, inner]) => [name, shown(inner)] as const);
  const names = entries.map(([name]) => name).join(' ');
  const values = entries.map(([, inner]) => inner);
  const short = shortForms[names]?.(values);
  return short ?? `{${entries.map((entry) => entry.join('=')).join(' ')}}`;
}

/** Objects that come again and again, by the names of their fields. */
const shortForms: Readonly<Record<string, (values: readonly string[]) => string>> = {
  'name version sha256 size': ([name, version, sha256, size]) =>
    `${name}@${version}(${sha256} ${size} B)`,
  'name clientUrl peerUrl': ([name, clientUrl, peerUrl]) => `${name}(${clientUrl} ${peerUrl})`,
  'from to': ([from, to]) => `${from}→${to}`,
  'name path': ([name, path]) => `${name}→${path}`,
};
