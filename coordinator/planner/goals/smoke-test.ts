// The smoke test: once at the end of an install, and whenever an operator asks. Pods go on the first two
// hosts, which get the image first.
import { SMOKE_IMAGE } from '../../components/bill-of-materials.ts';
import type { Digests } from '../../components/component.ts';
import { findArtifact } from '../../components/materials.ts';
import { networkPluginOf } from '../../components/network/network-plugins.ts';
import { smokeTest as runbook, stageSmokeTest } from '../../runbooks/after-install.ts';
import { type Goal, nothing, together, type Wishes, waits, wants } from '../goal.ts';
import {
  clusterPlans,
  delegateOf,
  isCurrent,
  isNode,
  materialsOf,
  nodesOf,
  type Situation,
} from '../situation.ts';
import type { Member } from '../topology.ts';
import type { WaitReason } from '../wait.ts';
import { admission } from './admission.ts';
import { isStuck, mastersToCome } from './join.ts';

/** The subject of the run that ends an install. */
export const INSTALL_RUN = 'install';

const nodesNeeded = 2;

/** The hosts of a run get the image first. */
export const smokeImage: Goal = {
  kind: 'smoke-image',
  wishes: (situation) => {
    const hosts = runsOf(situation).flatMap(({ look }) =>
      look.kind === 'ready' ? look.hosts.filter((host) => !hasImage(situation, host)) : [],
    );
    return together(
      [...new Set(hosts)].map((member) => {
        const brings = imageOf(situation, member);
        return wants({
          kind: 'smoke-image',
          subject: member.id,
          by: member,
          goal: 'import the smoke test’s image',
          inputs: () => brings,
          brings: () => brings,
          stages: () => stageSmokeTest(materialsOf(situation, member)),
        });
      }),
    );
  },
};

export const smokeTest: Goal = {
  kind: 'smoke-test',
  wishes: (situation) => together(runsOf(situation).map((run) => wishesOf(situation, run))),
};

function wishesOf(situation: Situation, { runId, isAsked, look }: Run): Wishes {
  if (look.kind === 'not-now') {
    // Nobody asked for that of the install: a cluster of one node waits for nothing.
    if (!isAsked) return nothing;
    const { cluster, now } = situation;
    return waits({ subject: cluster.name, reason: look.reason, sinceMs: now, request: runId });
  }
  const { hosts, nodes, delegate } = look;
  const [one] = hosts;
  if (one === undefined || !hosts.every((host) => hasImage(situation, host))) return nothing;
  const { spec } = situation.cluster;
  const inputs = {
    runId,
    image: materialsOf(situation, one).image(SMOKE_IMAGE),
    nodes,
    domain: spec.network.domain,
    workloads: networkPluginOf(spec).workloads,
  };
  return wants({
    kind: 'smoke-test',
    subject: runId,
    by: delegate,
    goal: 'run the smoke test',
    inputs: () => runId,
    stages: () => runbook(inputs),
  });
}

interface Run {
  readonly runId: string;
  readonly isAsked: boolean;
  readonly look: Look;
}

type Look =
  | { readonly kind: 'not-now'; readonly reason: WaitReason }
  | {
      readonly kind: 'ready';
      readonly hosts: readonly Member[];
      readonly nodes: readonly Member[];
      readonly delegate: Member;
    };

/** Runs that are due and not over. */
function runsOf(situation: Situation): readonly Run[] {
  const isDue = isInstallOver(situation) && situation.cluster.reached['smoke-test'] === undefined;
  const asked = situation.view.requests.filter(({ kind }) => kind === 'smoke-test');
  const ids = [...(isDue ? [INSTALL_RUN] : []), ...asked.map(({ id }) => id)].filter(
    (id) => !clusterPlans(situation, 'smoke-test', id).some(({ state }) => state === 'done'),
  );
  if (ids.length === 0) return [];
  const look = lookAround(situation);
  return ids.map((runId) => ({ runId, isAsked: runId !== INSTALL_RUN, look }));
}

/** Every master and worker that can come has come. */
function isInstallOver(situation: Situation): boolean {
  const { cluster, topology } = situation;
  if (cluster.masters.length === 0 || cluster.change !== null) return false;
  if (mastersToCome(situation).length > 0) return false;
  return !topology.workers.some(
    (worker) =>
      !isNode(situation, worker) &&
      worker.node.online &&
      admission(situation, worker) === null &&
      !isStuck(situation, worker),
  );
}

function lookAround(situation: Situation): Look {
  const what = 'the smoke test';
  const nodes = nodesOf(situation).filter(({ node }) => node.online);
  const hosts = nodes.slice(0, nodesNeeded);
  if (hosts.length < nodesNeeded) {
    const online = nodes.length;
    return {
      kind: 'not-now',
      reason: { code: 'too-few-nodes', what, needed: nodesNeeded, online },
    };
  }
  const delegate = delegateOf(situation);
  if (delegate === null) return { kind: 'not-now', reason: { code: 'no-delegate', what } };
  if (!hosts.every((host) => imageDigest(situation, host) !== '')) {
    return { kind: 'not-now', reason: { code: 'image-missing', what, image: SMOKE_IMAGE } };
  }
  return { kind: 'ready', hosts, nodes, delegate };
}

/** Of the host's own architecture. */
const imageOf = (situation: Situation, member: Member): Digests => ({
  'smoke-image': imageDigest(situation, member),
});

const hasImage = (situation: Situation, member: Member): boolean =>
  isCurrent(member, imageOf(situation, member));

/** Empty when the coordinator does not have the image. */
function imageDigest({ cluster, view }: Situation, member: Member): string {
  const locked = findArtifact(cluster.lock, SMOKE_IMAGE, member.arch);
  if (locked === null || !view.artifacts.stored.has(locked.sha256)) return '';
  return locked.sha256.slice(0, 16);
}
