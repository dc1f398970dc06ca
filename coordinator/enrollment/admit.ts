// The first look at a join, before anything else of it is read: does the caller hold the secret of a
// token that is not revoked? That costs one look into the store. Who does goes on to be judged whole
// (join.ts), whatever others did; who does not has failed, and is counted.
import { timingSafeEqual } from 'node:crypto';
import { isOf } from '../../shared/alphabets.ts';
import { AppError } from '../../shared/errors.ts';
import { base64urlSha256 } from '../../shared/join-token.ts';
import { keys, type TokenRecord } from '../store/records.ts';
import type { Store, Stored } from '../store/store.ts';
import type { JoinDependencies } from './join-dependencies.ts';
import type { BadTokenReason } from './judge-token.ts';

/** One code and one text for every bad token, whatever is wrong with it. */
export const BAD_TOKEN_TEXT =
  'the join token is not valid here: make another with `coordinator token create`';

export interface Asking {
  /** id.secret */
  readonly credential: string;
  /** The caller's address without port. */
  readonly source: string;
  /** As it calls itself: any text. */
  readonly nodeName: string;
}

/** @throws AppError unauthenticated, rate-limited */
export async function admit(
  deps: Pick<JoinDependencies, 'store' | 'limit' | 'audit' | 'log'>,
  { credential, source, nodeName }: Asking,
): Promise<void> {
  const held = await tokenOf(deps.store, credential);
  const isRevoked = held.kind === 'held' && held.token.value.revoked;
  if (held.kind === 'held' && !isRevoked) {
    deps.limit.pace(held.token.value.id, source);
    return;
  }
  deps.limit.mayFail(source);
  deps.limit.failed(source);
  const reason = held.kind === 'bad' ? held.reason : 'revoked';
  const tokenId = reason === 'malformed' ? null : credential.split('.')[0];
  const name = isOf('nodeName', nodeName) ? nodeName : null;
  await deps.audit.append('join-refused', { reason, tokenId, name, source });
  deps.log.warn({ reason, name, source }, 'join refused');
  throw new AppError('unauthenticated', BAD_TOKEN_TEXT);
}

export type HeldToken =
  | { readonly kind: 'held'; readonly token: Stored<TokenRecord> }
  | { readonly kind: 'bad'; readonly reason: BadTokenReason };

/** The token whose secret the credential has. The comparison takes as long for one that is not there. */
export async function tokenOf(store: Store, credential: string): Promise<HeldToken> {
  const [id = '', secret = '', ...rest] = credential.split('.');
  const isForm = /^mt[a-z0-9]{10}$/.test(id) && rest.length === 0;
  const token = await store.get<TokenRecord>(keys.token(isForm ? id : 'none'));
  const given = Buffer.from(base64urlSha256(secret));
  const wanted = Buffer.from(token?.value.secretHash ?? base64urlSha256(''));
  const isSecret = timingSafeEqual(given, wanted);
  if (!isForm) return { kind: 'bad', reason: 'malformed' };
  if (token === null) return { kind: 'bad', reason: 'unknown' };
  return isSecret ? { kind: 'held', token } : { kind: 'bad', reason: 'wrong-secret' };
}
