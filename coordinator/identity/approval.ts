// An operator's word that a host may join although it looks like another: kept until it has joined, or
// for a day. It is about one key; whoever else comes is judged as ever.
import type { NodeId } from '../../shared/model/ids.ts';
import { type ApprovalRecord, keys } from '../store/records.ts';
import { type Store, update } from '../store/store.ts';

const lifetimeMs = 24 * 3_600_000;

export async function recordApproval(
  store: Store,
  approval: Omit<ApprovalRecord, 'expiresMs'>,
): Promise<void> {
  const record = { ...approval, expiresMs: approval.atMs + lifetimeMs };
  await update<ApprovalRecord>(store, keys.approval(approval.nodeId), () => record);
}

/** Null when there is none, or it is over. */
export async function approvalOf(
  store: Store,
  nodeId: NodeId,
  now: number,
): Promise<ApprovalRecord | null> {
  const stored = await store.get<ApprovalRecord>(keys.approval(nodeId));
  return stored === null || stored.value.expiresMs <= now ? null : stored.value;
}

/** The host has joined. */
export async function dropApproval(store: Store, nodeId: NodeId): Promise<void> {
  const stored = await store.get<ApprovalRecord>(keys.approval(nodeId));
  if (stored !== null) await store.delete(stored.key, stored.revision);
}
