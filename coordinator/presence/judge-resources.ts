// Disks, memory and clock: what ends a host slowly. Pure.
import type { HostFacts } from './judge-host.ts';
import type { Problem } from './problem.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
/** Below both the kubelet soon evicts pods and removes images. */
const lowDisk = { share: 0.1, bytes: 10 * GiB };
const lastDiskBytes = GiB;
const lowMemory = { share: 0.03, bytes: 256 * MiB };
/** As the preflight: certificates and etcd do not stand more. */
const clockOffMs = 30_000;

export function judgeResources(
  facts: HostFacts,
  { ignoresClock }: { readonly ignoresClock: boolean },
): Problem[] {
  // The clock is wrong whatever is installed, and an install does not stand it.
  const ofClock = ignoresClock ? [] : judgeClock(facts);
  if (!facts.host.has.runtime) return ofClock;
  return [...judgeDisks(facts), ...judgeMemory(facts), ...ofClock];
}

function judgeDisks({ report, fault }: HostFacts): Problem[] {
  const { disks } = report;
  if (disks === 'unknown') return [fault('part-unknown', { part: 'disks' })];
  const low = disks.filter(
    ({ freeBytes, totalBytes }) =>
      freeBytes < lowDisk.bytes && freeBytes < totalBytes * lowDisk.share,
  );
  // Paths of one file system say the same.
  const told = new Set<string>();
  return low.flatMap(({ path, freeBytes, totalBytes }) => {
    const key = `${freeBytes} ${totalBytes}`;
    if (told.has(key)) return [];
    told.add(key);
    const severity = freeBytes < lastDiskBytes ? 'error' : 'warning';
    return [fault('disk-low', { path, freeBytes, totalBytes }, { severity })];
  });
}

function judgeMemory({ report, fault }: HostFacts): Problem[] {
  const { memory } = report;
  if (memory === 'unknown') return [fault('part-unknown', { part: 'memory' })];
  const { availableBytes, totalBytes } = memory;
  const isLow = availableBytes < lowMemory.bytes && availableBytes < totalBytes * lowMemory.share;
  return isLow ? [fault('memory-low', memory, { severity: 'warning' })] : [];
}

function judgeClock({ host, report, fault }: HostFacts): Problem[] {
  const problems: Problem[] = [];
  const aheadMs = -(host.measured?.offsetMs ?? 0);
  if (Math.abs(aheadMs) > clockOffMs) problems.push(fault('clock-off', { aheadMs }));
  // Unknown is a container on the clock of its machine: that is kept there or not.
  if (report.clock !== 'unknown' && !report.clock.synchronized) {
    const { service } = report.clock;
    problems.push(fault('clock-unkept', { service }, { severity: 'warning' }));
  }
  return problems;
}
