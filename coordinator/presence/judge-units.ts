// Units that do not run, and units that systemd starts again and again. Pure.
import type { UnitHealth, WatchedUnit } from '../../shared/model/health.ts';
import type { HostFacts } from './judge-host.ts';
import type { Problem } from './problem.ts';
import type { SeenHost } from './seen-cluster.ts';

/** Which part of the install brings the unit. */
const partOf: Readonly<Record<WatchedUnit, keyof SeenHost['has']>> = {
  'containerd.service': 'runtime',
  'kubelet.service': 'node',
  'etcd.service': 'etcd',
  'muster-api-proxy.service': 'runtime',
};

/** Fewer are an accident, and none of them lasts. */
const manyRestarts = 3;
/** One that has run for this long has settled. */
const settledMs = 30_000;

export function judgeUnits(facts: HostFacts): Problem[] {
  const { host, report, fault } = facts;
  if (report.units === 'unknown') {
    return host.has.runtime ? [fault('part-unknown', { part: 'units' })] : [];
  }
  const expected = report.units.filter(({ name }) => host.has[partOf[name]]);
  const isRuntimeDown = expected.some(
    ({ name, active }) => name === 'containerd.service' && active !== 'active',
  );
  return expected.flatMap((unit) => {
    // It runs in containerd: without that it cannot.
    if (unit.name === 'muster-api-proxy.service' && isRuntimeDown) return [];
    return judgeUnit(facts, unit);
  });
}

function judgeUnit({ measuredMs, host, fault }: HostFacts, unit: UnitHealth): Problem[] {
  const { name, load, active, sub, result, sinceMs } = unit;
  if (active !== 'active') {
    const why = result === 'success' ? '' : ` (${result})`;
    const state = `${sub === 'auto-restart' ? 'restarting' : active}${why}`;
    return [fault('unit-down', { unit: name, load, state }, { hostSinceMs: sinceMs })];
  }
  const ranMs = measuredMs - (host.measured?.offsetMs ?? 0) - (sinceMs ?? 0);
  if (unit.recentRestarts < manyRestarts || ranMs > settledMs) return [];
  const restarts = unit.recentRestarts;
  return [fault('unit-restarting', { unit: name, restarts }, { hostSinceMs: sinceMs })];
}
