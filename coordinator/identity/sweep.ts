// What is not kept: records of hosts that have left, tokens that nobody can use any more, approvals that
// were not used. What was done with them is in the audit log.
import type { Clock } from '../../shared/clock.ts';
import type { Plans } from '../plan-records/plans.ts';
import type { NodeView } from '../planner/view.ts';
import { type ApprovalRecord, keys, type TokenRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { isRemoved } from './removed.ts';

const day = 24 * 3_600_000;
/** Its certificate has ended long ago, and with it every way back by its key. */
const leftKeptMs = 30 * day;
/** A host whose reply was lost repeats its token after it has ended. */
const tokenKeptMs = 7 * day;

/** Of hosts that have left: their facts, journal position and plans at once, and after 30 days the rest. */
export async function sweepLeft(
  deps: { readonly store: Store; readonly plans: Pick<Plans, 'drop'> },
  nodes: readonly NodeView[],
  now: number,
): Promise<void> {
  for (const { record, facts, plans } of nodes) {
    const { id, state, stateSinceMs = now, applied } = record;
    if (state === 'active' || state === 'locked') continue;
    const hasLeft = state === 'retired' || record.isGone === true;
    if (hasLeft && facts !== null) {
      await drop(deps.store, keys.journal(id));
      await drop(deps.store, keys.facts(id));
    }
    if (hasLeft) for (const { planId } of plans) await deps.plans.drop(planId);
    const isForgotten =
      isRemoved(record) || (state === 'evicted' && (hasLeft || applied.kubernetes === undefined));
    if (isForgotten && now > stateSinceMs + leftKeptMs) await drop(deps.store, keys.node(id));
  }
}

const sweepEveryMs = 10 * 60_000;

/** Tokens and approvals that are over: looked at now and then. */
export function createSweep({ store, clock }: { readonly store: Store; readonly clock: Clock }) {
  let lastBootMs = Number.NEGATIVE_INFINITY;
  return async (): Promise<void> => {
    if (clock.boot() - lastBootMs < sweepEveryMs) return;
    lastBootMs = clock.boot();
    const now = clock.now();
    for (const { key, value } of await store.range<TokenRecord>(keys.tokens)) {
      if (value.expiresMs < now - tokenKeptMs) await drop(store, key);
    }
    for (const { key, value } of await store.range<ApprovalRecord>(keys.approvals)) {
      if (value.expiresMs < now) await drop(store, key);
    }
  };
}

async function drop(store: Store, key: string): Promise<void> {
  const stored = await store.get(key);
  if (stored !== null) await store.delete(stored.key, stored.revision);
}
