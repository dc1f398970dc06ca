// Once the masters and the workers that were there are in: credentials deleted, the first etcd
// snapshot, the smoke test. Once per cluster; later hosts do not bring it back.

import { findArtifact, SMOKE_IMAGE } from '../components/bill-of-materials.ts';
import { firstSnapshot, smokeTest, stageSmokeTest } from '../runbooks/after-install.ts';
import { mastersToCome } from './control-plane.ts';
import { forgetCredentials } from './credentials.ts';
import type { InstallContext } from './install-context.ts';
import { isWelcome } from './prepare-hosts.ts';
import type { Member } from './topology.ts';

export function afterInstall(context: InstallContext): void {
  const { turn, topology } = context;
  if (turn.cluster.masters.length === 0) return;
  const nodes = nodesOf(context);
  for (const node of nodes) forgetCredentials(context, node);
  if (turn.cluster.change !== null || mastersToCome(context).length > 0) return;

  const first = context.masters()[0];
  if (first !== undefined && !context.isDone(first, 'snapshot')) {
    context.wantOnce(first, {
      slug: 'snapshot',
      goal: 'take the first etcd snapshot',
      lane: 'cluster',
      stages: firstSnapshot(first),
    });
  }
  const isComing = (worker: Member): boolean =>
    !context.isDone(worker, 'join') &&
    worker.node.online &&
    isWelcome(context, worker) &&
    !isHeld(context, worker);
  if (topology.workers.some(isComing)) return;
  runSmokeTest(context, { runId: 'install', key: 'smoke/install' });
}

const isHeld = ({ turn }: InstallContext, member: Member): boolean =>
  turn.waits.some((wait) => wait.subject === member.name && wait.kind === 'held');

/** Hosts that are nodes: masters and joined workers; workers first, because pods run there. */
export function nodesOf(context: InstallContext): readonly Member[] {
  const joined = context.topology.workers.filter((worker) => context.isDone(worker, 'join'));
  return [...joined, ...context.masters()];
}

/** Pods go on the first two hosts, which get the image first. Nothing on a cluster of one node. */
export function runSmokeTest(
  context: InstallContext,
  run: { readonly runId: string; readonly key: string },
): void {
  const wasRun = context.view.nodes.some((node) =>
    node.plans.some((plan) => plan.state === 'done' && plan.contentKey.startsWith(`${run.key}#`)),
  );
  const online = nodesOf(context).filter((member) => member.node.online);
  const [one, two] = online;
  const delegate = context.delegate();
  if (wasRun || one === undefined || two === undefined || delegate === null) return;
  const locked = findArtifact(context.turn.cluster.lock, SMOKE_IMAGE, one.arch);
  if (locked === null || !context.view.storedArtifacts.has(locked.sha256)) return;

  const isStaged = [one, two].map((member) => {
    if (context.isDone(member, 'smoke-image')) return true;
    const stages = stageSmokeTest(context.materials(member));
    return (
      context.wantOnce(member, {
        slug: 'smoke-image',
        goal: 'import the smoke test’s image',
        stages,
      }).kind === 'done'
    );
  });
  if (!isStaged.every(Boolean)) return;
  context.turn.want({
    member: delegate,
    lane: 'cluster',
    goal: 'run the smoke test',
    key: run.key,
    stages: () =>
      smokeTest({
        runId: run.runId,
        image: context.materials(one).image(SMOKE_IMAGE),
        nodes: online,
        domain: context.turn.cluster.spec.network.domain,
      }),
  });
}
