// Turns what passes by (messages, writes of agents' disks) into events of the world. Looks, and changes
// nothing.
import type { JournalRecord } from '../../shared/model/progress.ts';
import type { Written } from './core/disk.ts';
import type { Fleet } from './fleet.ts';
import type { SimHost } from './world/host.ts';

const headerSize = 20;

export function tap(fleet: Fleet): void {
  const { world, network, coordinator } = fleet;
  network.onSent = (method, request, { host }) => {
    if (method !== 'PullPlan') return;
    const { lanes } = request as {
      lanes: Extract<Parameters<typeof world.tell>[0], { kind: 'told' }>['lanes'];
    };
    world.tell({ kind: 'told', host, lanes });
  };
  network.onHeard = (method, { host }) => {
    if (method === 'PullPlan') world.tell({ kind: 'answered', host });
  };
  coordinator.onAnswered = ({ definition, method, bytes, caller }, reply) => {
    if (method !== 'ReportProgress') return;
    const request = definition[method]?.requestDeserialize(bytes) as unknown;
    const { offset, records } = request as { offset: number; records: readonly Buffer[] };
    const { nextOffset } = reply as { nextOffset: number };
    const taken = records.slice(0, Math.max(0, nextOffset - offset)).map(parsed);
    if (taken.length > 0) world.tell({ kind: 'acknowledged', host: caller.host, records: taken });
  };
}

/** Of a host that was just made. */
export function tapDisk(fleet: Fleet, host: SimHost): void {
  host.disk.onWritten = (written) => {
    const record = recordIn(written);
    if (record !== null) fleet.world.tell({ kind: 'journalled', host, record });
    if (!written.path.endsWith('/accepted')) return;
    const { pairs } = JSON.parse(
      written.bytes.subarray(8, 8 + written.bytes.readUInt32LE(0)).toString('utf8'),
    ) as { pairs: Record<string, { epoch: number; sequence: number } | null> };
    for (const [lane, pair] of Object.entries(pairs)) {
      if (pair !== null) fleet.world.tell({ kind: 'raised', host, lane, ...pickPair(pair) });
    }
  };
}

const pickPair = ({ epoch, sequence }: { epoch: number; sequence: number }) => ({
  epoch,
  sequence,
});

const parsed = (bytes: Buffer): JournalRecord =>
  JSON.parse(bytes.toString('utf8')) as JournalRecord;

/** Null for what is no record of a journal, such as zeros over a torn one. */
export function recordIn({ path, bytes }: Written): JournalRecord | null {
  if (!path.endsWith('.log') || bytes.subarray(0, 4).toString('latin1') !== 'MJ01') return null;
  return parsed(bytes.subarray(headerSize));
}
