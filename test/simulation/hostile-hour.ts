// What a hostile member can make the coordinator keep: it does its worst for so many simulated seconds,
// and then the store, the audit log and the memory are weighed.
// `node test/simulation/hostile-hour.ts [SECONDS]`, an hour unless said.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { NodeRecord } from '../../coordinator/store/records.ts';
import { keys } from '../../coordinator/store/records.ts';
import { Fleet } from './fleet.ts';
import { HostileMember, type Tried } from './stories/hostile-member.ts';

export interface Weighed {
  readonly seconds: number;
  readonly tried: Tried;
  /** Whether it is a member still: a locked one could do nothing more. */
  readonly state: string;
  readonly records: number;
  readonly storeBytes: number;
  /** Of the largest record. */
  readonly largestBytes: number;
  readonly deletions: number;
  readonly auditLines: number;
  readonly auditBytes: number;
  /** Of the heap, after a collection. */
  readonly grownBytes: number;
}

const joinsWithinMs = 60_000;

export async function weighHostileMember(seconds: number): Promise<Weighed> {
  const fleet = await Fleet.create('a hostile member');
  const { world, coordinator } = fleet;
  await fleet.open();
  const host = fleet.add('w1', 'worker');
  fleet.powerOn(host);
  const node = () => coordinator.record<NodeRecord>(keys.node(fleet.nodeIdOf('w1')));
  await world.scheduler.run(joinsWithinMs, () => node() !== null);
  // Before the honest agent has taken its first plan.
  const beganMs = world.scheduler.nowMs;
  const member = new HostileMember(fleet, host);
  const before = heap(fleet);
  const auditBefore = { ...coordinator.audited };
  member.begin();
  // What happened is told to nobody here, and must not be weighed.
  for (let second = 1; second <= seconds; second += 1) {
    await world.scheduler.run(beganMs + second * 1_000, () => false);
    world.trace.length = 0;
  }
  const sizes = [...coordinator.disk.records.values()].map(({ text }) => Buffer.byteLength(text));
  const after = heap(fleet);
  const storeBytes = sizes.reduce((sum, size) => sum + size, 0);
  coordinator.life?.kill();
  return {
    seconds,
    tried: member.tried,
    state: node()?.state ?? 'gone',
    records: sizes.length,
    storeBytes,
    largestBytes: Math.max(...sizes),
    deletions: coordinator.disk.deletions.size,
    auditLines: coordinator.audited.lines - auditBefore.lines,
    auditBytes: coordinator.audited.bytes - auditBefore.bytes,
    grownBytes: after - before,
  };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heap({ world }: Fleet): number {
  world.trace.length = 0;
  collect();
  return process.memoryUsage().heapUsed;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;

/** What, how much, and what bounds it. */
export function weighedRows(weighed: Weighed): readonly (readonly string[])[] {
  const { seconds, tried, records, storeBytes, largestBytes, deletions } = weighed;
  const { auditLines, auditBytes, grownBytes } = weighed;
  return [
    ['calls', `${tried.calls}, ${tried.refused} refused`, 'rates of each call, per node'],
    ['plans given to it', String(tried.plans), 'plans an hour of each goal'],
    ['store', `${records} records, ${megabytes(storeBytes)}`, 'twelve plans of each goal and host'],
    ['largest record', megabytes(largestBytes), 'lengths of every field, outputs of a plan'],
    ['deletions remembered', String(deletions), '10,000'],
    [
      'audit log',
      `${auditLines} lines, ${megabytes(auditBytes)} in ${seconds} s`,
      'records and lines of each node; 64 files of 16 MiB',
    ],
    ['memory', megabytes(grownBytes), 'the feed (8 MiB), buckets, the last eight starts'],
  ];
}

if (import.meta.main) {
  const weighed = await weighHostileMember(Number(process.argv[2] ?? '3600'));
  for (const row of weighedRows(weighed)) process.stdout.write(`${row.join('\t')}\n`);
}
