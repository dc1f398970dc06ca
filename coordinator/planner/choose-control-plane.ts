// Fixes which hosts become masters, once, when the pool has its size and all of those hosts pass the
// preflight. Until then nothing on any host is changed but the agents' own directories (rule 24).
import type { InstallContext } from './install-context.ts';
import { isBlocking, sentence } from './preflight/preflight.ts';

export function chooseControlPlane(context: InstallContext): void {
  const { turn, topology, faults, view } = context;
  if (turn.cluster.controlPlane !== null) {
    sayWhoIsSpare(context);
    return;
  }
  const pool = topology.controlPlanePool;
  const size = pool?.size ?? 1;
  const joined = topology.controlPlaneCandidates;
  const passing = joined.filter(context.passes);

  if (joined.length < size) {
    const missing = size - joined.length;
    turn.wait(view.cluster.name, {
      for: `waits for ${missing} more control-plane host${missing === 1 ? '' : 's'} (${joined.length} of ${size} have joined)`,
      sinceMs: turn.cluster.createdMs,
      endsWhen: `${missing === 1 ? 'a host joins' : `${missing} hosts join`} pool ${pool?.name ?? 'control-plane'} (coordinator join-material --pool ${pool?.name ?? 'control-plane'})`,
    });
    return;
  }
  if (passing.length < size) {
    const names = new Set([view.cluster.name, ...joined.map((member) => member.name)]);
    const blocking = faults.filter((fault) => isBlocking(fault) && names.has(fault.node));
    turn.hold(view.cluster.name, {
      for: `is stopped by the preflight before anything was touched: ${blocking.map((fault) => `${fault.node}: ${sentence(fault)}`).join(' | ')}`,
      sinceMs: turn.cluster.createdMs,
      endsWhen: 'the faults are mended, or the checks are ignored (apply --ignore CHECK)',
    });
    return;
  }
  const untold = passing.slice(0, size).filter((member) => !context.isClockCompared(member));
  if (untold.length > 0) {
    turn.wait(view.cluster.name, {
      for: `waits for the clocks of ${untold.map(({ name }) => name).join(', ')} to be compared with the coordinator’s`,
      sinceMs: Math.max(...untold.map(({ node }) => node.record.joinedMs)),
      endsWhen: 'their agents report it, right after their first call',
    });
    return;
  }
  turn.cluster = {
    ...turn.cluster,
    controlPlane: passing.slice(0, size).map((member) => member.id),
  };
}

function sayWhoIsSpare({ turn, topology }: InstallContext): void {
  const chosen = new Set(turn.cluster.controlPlane);
  for (const member of topology.controlPlaneCandidates) {
    if (chosen.has(member.id)) continue;
    turn.hold(member.name, {
      for: `is spare: pool ${member.pool.name} has its ${member.pool.size ?? 1}`,
      sinceMs: member.node.record.joinedMs,
      endsWhen: 'the pool’s size grows or one of its hosts is replaced',
    });
  }
}
