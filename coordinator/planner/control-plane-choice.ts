// Which hosts become masters: fixed once, when the pool has its size and all of those hosts pass the
// preflight. Until then nothing on any host is changed but the agents' own directories.
import { isBlocking } from './preflight/check.ts';
import { hasArtifacts, isClockCompared, passes, type Situation } from './situation.ts';
import type { Member } from './topology.ts';
import type { Wait } from './wait.ts';

export type Choice =
  | { readonly kind: 'chosen'; readonly members: readonly Member[] }
  | { readonly kind: 'open'; readonly wait: Wait };

export function controlPlaneChoice(situation: Situation): Choice {
  const { cluster, topology, faults } = situation;
  const { controlPlanePool: pool, controlPlaneCandidates: joined } = topology;
  const size = pool?.size ?? 1;
  const open = (reason: Wait['reason'], sinceMs = cluster.createdMs): Choice => ({
    kind: 'open',
    wait: { subject: cluster.name, reason, sinceMs },
  });

  if (joined.length < size) {
    const poolName = pool?.name ?? 'control-plane';
    return open({ code: 'hosts-missing', joined: joined.length, size, pool: poolName });
  }
  const passing = joined.filter((member) => passes(situation, member));
  if (passing.length < size) {
    const names = new Set([cluster.name, ...joined.map(({ name }) => name)]);
    const blocking = faults.filter((fault) => isBlocking(fault) && names.has(fault.node));
    return open({ code: 'preflight-stops', faults: blocking });
  }
  // What was told by a host that is gone is no ground to build on.
  const present = passing.filter(({ node }) => node.online);
  if (present.length < size) {
    const names = passing.filter(({ node }) => !node.online).map(({ name }) => name);
    return open({ code: 'candidates-away', names });
  }
  const members = present.slice(0, size);
  if (!members.every((member) => hasArtifacts(situation, member))) {
    const { stored } = situation.view.artifacts;
    const missing = cluster.lock.artifacts.filter(({ sha256 }) => !stored.has(sha256)).length;
    return open({ code: 'artifacts-pulled', missing });
  }
  const untold = members.filter((member) => !isClockCompared(situation, member));
  if (untold.length > 0) {
    const sinceMs = Math.max(...untold.map(({ node }) => node.record.joinedMs));
    return open({ code: 'clocks-unknown', names: untold.map(({ name }) => name) }, sinceMs);
  }
  return { kind: 'chosen', members };
}
