// Operators as `get operators` shows them: never a hash of a token.
import { sha256Hex } from '../../shared/canonical.ts';
import type { Clock } from '../../shared/clock.ts';
import { keys, type OperatorRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { OperatorDocument } from './documents.ts';

export async function getOperators(deps: {
  readonly store: Store;
  readonly clock: Clock;
}): Promise<readonly OperatorDocument[]> {
  const now = deps.clock.now();
  const records = await deps.store.range<OperatorRecord>(keys.operators);
  return records.map(({ value }) => operatorDocument(value, now));
}

function operatorDocument(record: OperatorRecord, now: number): OperatorDocument {
  const { name, role, login, publicKey } = record;
  const state = stateOf(record, now);
  const isLoginOpen = login !== null && login.spentBy === null && login.expiresMs > now;
  return {
    kind: 'Operator',
    name,
    role,
    state,
    createdMs: record.createdMs,
    loggedInMs: record.loggedInMs,
    loggedInFrom: record.loggedInFrom,
    expiresMs: record.expiresMs,
    loginExpiresMs: isLoginOpen ? login.expiresMs : null,
    key: publicKey === null ? null : sha256Hex(Buffer.from(publicKey, 'base64')),
    labels: { role, state },
  };
}

function stateOf(record: OperatorRecord, now: number): OperatorDocument['state'] {
  if (record.state === 'revoked') return 'revoked';
  if (record.expiresMs !== null) return record.expiresMs > now ? 'active' : 'expired';
  return (record.login?.expiresMs ?? 0) > now ? 'invited' : 'expired';
}
