// An operator's login: a token that is spent by a key, and a certificate for it. Spending and recording
// the key is one compare-and-set; the same key asking again within the token's life gets its
// certificate again, so a reply that was lost locks nobody out. The certificate can be renewed by the
// key it is for.
import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { base64urlSha256 } from '../../shared/join-token.ts';
import type { AuditLog } from '../events/audit-log.ts';
import { keyOfRequest } from '../keys/certificate-request.ts';
import type { Keys } from '../keys/keys.ts';
import { keys, type OperatorRecord } from '../store/records.ts';
import { type Store, type Stored, update } from '../store/store.ts';
import type { Caller } from './caller.ts';
import { parseLoginCredential } from './login-token.ts';

export interface LoginDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly keys: Pick<Keys, 'issueOperatorCertificate'>;
  readonly limit: LoginLimit;
  /** What an operator has open under an older key ends. */
  readonly endSessions: (operator: string) => void;
}

/** Holds back who fails again and again, and nobody else: a good token is never refused for others. */
export interface LoginLimit {
  /** @throws AppError rate-limited: refused, and not written down again */
  mayFail(source: string): void;
  failed(source: string): void;
}

export interface LoginClaim {
  /** id.secret */
  readonly credential: string;
  readonly csr: Uint8Array;
  /** The caller's address without port. */
  readonly source: string;
}

export interface LoggedIn {
  readonly record: OperatorRecord;
  /** Leaf, then fleet CA. */
  readonly certificatePem: string;
}

/** One code and one text, whatever is wrong with the token. */
export const BAD_LOGIN_TEXT =
  'the login token is not valid here: ask for another, `coordinator operator add NAME` makes one';

type BadReason = 'malformed' | 'unknown' | 'wrong-secret' | 'expired' | 'used-up';

export async function login(deps: LoginDependencies, claim: LoginClaim): Promise<LoggedIn> {
  // Before a key of a stranger is looked at, which costs more.
  const first = await judge(deps, claim, null);
  if (first.reason !== null) throw await badToken(deps, claim, first.reason);
  const { spki } = await keyOfRequest(claim.csr);
  const publicKey = Buffer.from(spki).toString('base64');
  for (;;) {
    const { stored, reason } = await judge(deps, claim, publicKey);
    if (stored?.value.login == null) throw await badToken(deps, claim, reason ?? 'unknown');
    // The answer was lost, and it is given again; each time is a line of the audit log.
    if (stored.value.login.spentBy !== null) {
      deps.limit.mayFail(claim.source);
      deps.limit.failed(claim.source);
    }
    const now = deps.clock.now();
    const record: OperatorRecord = {
      ...stored.value,
      publicKey,
      loggedInMs: now,
      loggedInFrom: claim.source,
      expiresMs: now + stored.value.certificateTtlMs,
      login: { ...stored.value.login, spentBy: publicKey },
    };
    const put = await deps.store.put(stored.key, record, stored.revision);
    // Another key spent it, or the operator was revoked: judge anew.
    if (put.kind === 'conflict') continue;
    if (stored.value.publicKey !== publicKey) deps.endSessions(record.name);
    // Before there is a certificate: without one the key is nobody.
    await deps.audit.append('operator-login', {
      operator: record.name,
      role: record.role,
      source: claim.source,
      loginId: stored.value.login.id,
      publicKey,
    });
    return { record, certificatePem: await certificateFor(deps, record, spki) };
  }
}

/** @throws AppError refused (the socket has no certificate), permission-denied (another key) */
export async function renewOperator(
  deps: Pick<LoginDependencies, 'store' | 'clock' | 'audit' | 'keys'>,
  caller: Caller,
  csr: Uint8Array,
): Promise<string> {
  if (caller.publicKey === null) {
    throw new AppError('refused', 'who calls over the socket has no certificate to renew');
  }
  const { spki } = await keyOfRequest(csr);
  if (Buffer.from(spki).toString('base64') !== caller.publicKey) {
    throw new AppError(
      'permission-denied',
      'the certificate request has another key than the certificate of this call',
    );
  }
  const now = deps.clock.now();
  const record = await update<OperatorRecord>(deps.store, keys.operator(caller.name), (current) =>
    // Revoked, or logged in elsewhere, since this call began.
    current?.state !== 'active' || current.publicKey !== caller.publicKey
      ? null
      : { ...current, expiresMs: now + current.certificateTtlMs },
  );
  if (record?.state !== 'active' || record.publicKey !== caller.publicKey) {
    throw new AppError('permission-denied', `operator ${caller.name} is not renewed any more`);
  }
  await deps.audit.append('operator-renewed', { expiresMs: record.expiresMs });
  return await certificateFor(deps, record, spki);
}

async function certificateFor(
  deps: Pick<LoginDependencies, 'clock' | 'keys'>,
  record: OperatorRecord,
  publicKey: Uint8Array,
): Promise<string> {
  const { name, role, certificateTtlMs: lifetimeMs } = record;
  const now = deps.clock.now();
  return await deps.keys.issueOperatorCertificate({ publicKey, name, role, lifetimeMs, now });
}

interface Judged {
  /** Null when the token is a bad one. */
  readonly stored: Stored<OperatorRecord> | null;
  readonly reason: BadReason | null;
}

/** @param publicKey null when it is not known yet */
async function judge(
  deps: LoginDependencies,
  claim: LoginClaim,
  publicKey: string | null,
): Promise<Judged> {
  const bad = (reason: BadReason): Judged => ({ stored: null, reason });
  const credential = parseLoginCredential(claim.credential);
  const all = await deps.store.range<OperatorRecord>(keys.operators);
  const stored = all.find(({ value }) => value.login?.id === credential?.id) ?? null;
  const found = stored?.value.login ?? null;
  const given = Buffer.from(base64urlSha256(credential?.secret ?? ''));
  const isSecret = timingSafeEqual(
    given,
    Buffer.from(found?.secretHash ?? base64urlSha256('none')),
  );
  if (credential === null) return bad('malformed');
  if (stored === null || found === null || stored.value.state !== 'active') return bad('unknown');
  if (!isSecret) return bad('wrong-secret');
  if (found.expiresMs <= deps.clock.now()) return bad('expired');
  const isOthers = found.spentBy !== null && found.spentBy !== publicKey;
  if (publicKey !== null && isOthers) return bad('used-up');
  return { stored, reason: null };
}

async function badToken(
  deps: LoginDependencies,
  claim: LoginClaim,
  reason: BadReason,
): Promise<AppError> {
  deps.limit.mayFail(claim.source);
  deps.limit.failed(claim.source);
  const loginId = parseLoginCredential(claim.credential)?.id ?? null;
  await deps.audit.append('login-refused', { reason, loginId, source: claim.source });
  return new AppError('unauthenticated', BAD_LOGIN_TEXT);
}
