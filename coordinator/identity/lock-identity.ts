// Locks an identity that two have: neither is given a plan or a certificate any more, and an operator
// sees where both were heard from. It is undone by `node approve`.
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { AuditLog } from '../events/audit-log.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { IdentityLock } from '../store/identity-record.ts';
import { keys, type NodeRecord } from '../store/records.ts';
import { type Store, update } from '../store/store.ts';
import { stateSentence } from './state-sentences.ts';

export interface LockDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly feed: Pick<EventFeed, 'append'>;
  /** The node's open poll looks again. */
  readonly wake: (nodeId: string) => void;
}

/** @returns what the caller is told */
export async function lockIdentity(
  deps: LockDependencies,
  nodeId: NodeId,
  seen: Omit<IdentityLock, 'atMs'>,
): Promise<AppError> {
  const atMs = deps.clock.now();
  const lock: IdentityLock = { ...seen, atMs };
  let isNew = false;
  const node = await update<NodeRecord>(deps.store, keys.node(nodeId), (current) => {
    isNew = current?.state === 'active';
    return current === null || !isNew
      ? null
      : { ...current, state: 'locked', lock, stateSinceMs: atMs };
  });
  if (node === null) return new AppError('permission-denied', `node ${nodeId} is not known here`);
  const sentence = stateSentence(node);
  if (isNew) {
    const { name, cluster } = node;
    const { reason, what, addresses } = lock;
    deps.wake(nodeId);
    deps.log.warn({ nodeId, name, reason, addresses }, 'identity locked');
    const text = `locked: ${what}; heard from ${addresses.join(' and ')}`;
    const line = { atMs, node: name, cluster, planId: null, stepId: null, text };
    deps.feed.append([{ ...line, level: 'error' }]);
    const fields = { nodeId, name, before: 'active', state: 'locked', reason, what, addresses };
    await deps.audit.append('node-state', fields);
  }
  return new AppError('permission-denied', sentence);
}

/** Where the other one was heard from, as far as is known. @param known newest first */
export const otherAddress = (source: string, known: readonly (string | undefined)[]): string =>
  known.find((address) => address !== undefined && address !== source) ??
  known.find((address) => address !== undefined) ??
  source;
