// Operators: added with a login token, listed, revoked. The token's text is shown once; the store has a
// hash of its secret. An operator is one key at a time.
import { alphabets, isOf } from '../../shared/alphabets.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { base64urlSha256, newTokenSecret } from '../../shared/join-token.ts';
import { quoted } from '../../shared/plain-text.ts';
import type { AuditLog } from '../events/audit-log.ts';
import type { Keys } from '../keys/keys.ts';
import { newLoginId } from '../signing/new-ids.ts';
import { keys, type OperatorRecord, type OperatorRole, operatorRoles } from '../store/records.ts';
import { type Store, update } from '../store/store.ts';
import { formatLoginToken } from './login-token.ts';

export interface AccountDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly keys: Pick<Keys, 'pin'>;
}

export interface OperatorOptions {
  readonly name: string;
  readonly role: string;
  /** 0: by default. */
  readonly ttlMs: number;
  readonly certificateTtlMs: number;
}

export interface AddedOperator {
  /** id.secret.pin: the only time that it is seen. */
  readonly token: string;
  readonly record: OperatorRecord;
}

const hour = 60 * 60 * 1000;
const day = 24 * hour;
const loginTtl = { byDefault: hour, longest: day, what: 'a login token' };
const certificateTtl = { byDefault: 30 * day, longest: 90 * day, what: 'a certificate' };
/** A login looks at all of them; so many people run no fleet. */
const mostOperators = 500;

/**
 * One that is there already gets another login; its key stays good until that login is used.
 * @throws AppError usage, conflict (it is there with another role), refused (too many)
 */
export async function addOperator(
  deps: AccountDependencies,
  options: OperatorOptions,
): Promise<AddedOperator> {
  const { name } = options;
  if (!isOf('operatorName', name)) {
    throw new AppError('usage', `${quoted(name)} is not ${alphabets.operatorName.what}`);
  }
  const role = parseRole(options.role);
  const ttlMs = checkTtl(options.ttlMs, loginTtl);
  const certificateTtlMs = checkTtl(options.certificateTtlMs, certificateTtl);
  await checkRoom(deps.store, name);
  const now = deps.clock.now();
  const secret = newTokenSecret();
  const login = {
    id: newLoginId(),
    secretHash: base64urlSha256(secret),
    expiresMs: now + ttlMs,
    spentBy: null,
  };
  await deps.audit.append('operator-added', { name, granted: role, loginId: login.id });
  const record = await update<OperatorRecord>(deps.store, keys.operator(name), (current) => {
    if (current?.state !== 'active') return newRecord({ name, role, now, certificateTtlMs, login });
    if (current.role === role) return { ...current, certificateTtlMs, login };
    throw new AppError(
      'conflict',
      `${name} is an operator with the role ${current.role}: \`coordinator operator revoke ${name}\` first`,
    );
  });
  if (record === null) throw new AppError('internal', `operator ${name} was not stored`);
  return { token: formatLoginToken({ id: login.id, secret, pin: deps.keys.pin }), record };
}

/** @throws AppError not-found */
export async function revokeOperator(
  deps: Omit<AccountDependencies, 'keys'>,
  name: string,
): Promise<OperatorRecord> {
  const key = isOf('operatorName', name) ? name : 'none';
  const record = await update<OperatorRecord>(deps.store, keys.operator(key), (current) => {
    if (current === null || key !== name) {
      throw new AppError(
        'not-found',
        `there is no operator ${quoted(name)}: \`coordinator operator list\` shows them`,
      );
    }
    return { ...current, state: 'revoked', login: null };
  });
  if (record === null) throw new AppError('internal', `operator ${name} was not stored`);
  await deps.audit.append('operator-revoked', { name, publicKey: record.publicKey });
  return record;
}

type NewOperator = Pick<OperatorRecord, 'name' | 'role' | 'certificateTtlMs' | 'login'> & {
  readonly now: number;
};

/** One that was revoked begins anew: its old key is not known any more. */
const newRecord = ({ now, ...given }: NewOperator): OperatorRecord => ({
  ...given,
  state: 'active',
  createdMs: now,
  publicKey: null,
  loggedInMs: null,
  loggedInFrom: null,
  expiresMs: null,
});

export function parseRole(text: string): OperatorRole {
  const role = operatorRoles.find((candidate) => candidate === text);
  if (role !== undefined) return role;
  throw new AppError('usage', `${quoted(text)} is not a role: ${operatorRoles.join(' or ')}`);
}

function checkTtl(ms: number, { byDefault, longest, what }: typeof loginTtl): number {
  if (ms === 0) return byDefault;
  if (Number.isFinite(ms) && ms > 0 && ms <= longest) return ms;
  const most = longest > 2 * day ? `${longest / day} days` : `${longest / hour} h`;
  throw new AppError(
    'usage',
    `${what} lives more than 0 s and at most ${most}, not ${ms / 1000} s`,
  );
}

async function checkRoom(store: Store, name: string): Promise<void> {
  const all = await store.range<OperatorRecord>(keys.operators);
  if (all.length < mostOperators || all.some(({ value }) => value.name === name)) return;
  throw new AppError('refused', `there are ${mostOperators} operators already, revoked ones too`);
}
