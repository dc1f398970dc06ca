// The plan records in the store, and which of them are unfinished, per node: the one thing that an
// open poll asks often. The index holds ids only; the records are always read.
import type { NodeId, PlanId } from '../../shared/model/ids.ts';
import { isFinal } from '../../shared/model/plan.ts';
import { type EnvelopeRecord, keys, type PlanRecord } from '../store/records.ts';
import { type Store, update } from '../store/store.ts';

export interface Plans {
  /** @returns false when a plan of that id exists. */
  add(record: PlanRecord, envelope: EnvelopeRecord): Promise<boolean>;
  get(planId: string): Promise<PlanRecord | null>;
  /** Unfinished ones, oldest first. */
  unfinishedOf(nodeId: NodeId): Promise<readonly PlanRecord[]>;
  envelope(planId: string): Promise<EnvelopeRecord | null>;
  /** `change` is pure; the same object means nothing to store. Null when there is no such plan. */
  change(planId: string, change: (record: PlanRecord) => PlanRecord): Promise<PlanChange | null>;
  /** A finished plan and its envelope; nothing when it is not there, or not finished. */
  drop(planId: string): Promise<void>;
}

export interface PlanChange {
  readonly before: PlanRecord;
  readonly after: PlanRecord;
}

export async function openPlans(store: Store): Promise<Plans> {
  const unfinished = new Map<NodeId, Set<PlanId>>();
  const note = (record: PlanRecord): void => {
    const ids = unfinished.get(record.nodeId) ?? new Set();
    unfinished.set(record.nodeId, ids);
    if (isFinal(record.state)) ids.delete(record.planId);
    else ids.add(record.planId);
  };
  for (const { value } of await store.range<PlanRecord>(keys.plans)) note(value);

  const get = async (planId: string): Promise<PlanRecord | null> =>
    (await store.get<PlanRecord>(keys.plan(planId)))?.value ?? null;

  return {
    get,
    async add(record, envelope) {
      // The envelope first: a plan that can be seen can be sent.
      const written = await store.put(keys.envelope(record.planId), envelope, 0);
      if (written.kind === 'conflict') return false;
      const stored = await store.put(keys.plan(record.planId), record, 0);
      if (stored.kind === 'conflict') return false;
      note(record);
      return true;
    },
    async unfinishedOf(nodeId) {
      const ids = [...(unfinished.get(nodeId) ?? [])];
      const records = await Promise.all(ids.map(get));
      return records
        .filter((record) => record !== null)
        .filter((record) => !isFinal(record.state))
        .sort((a, b) => a.issuedMs - b.issuedMs || a.sequence - b.sequence);
    },
    envelope: async (planId) =>
      (await store.get<EnvelopeRecord>(keys.envelope(planId)))?.value ?? null,
    async change(planId, change) {
      let before: PlanRecord | null = null;
      const after = await update<PlanRecord>(store, keys.plan(planId), (current) => {
        before = current;
        if (current === null) return null;
        const next = change(current);
        return next === current ? null : next;
      });
      if (before === null || after === null) return null;
      note(after);
      return { before, after };
    },
    async drop(planId) {
      const record = await store.get<PlanRecord>(keys.plan(planId));
      if (record === null || !isFinal(record.value.state)) return;
      // The envelope first: what a crash leaves behind then is a plan, which is dropped again.
      const envelope = await store.get<EnvelopeRecord>(keys.envelope(planId));
      if (envelope !== null) await store.delete(envelope.key, envelope.revision);
      await store.delete(record.key, record.revision);
    },
  };
}
