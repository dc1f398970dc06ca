// Whether a token lets this key in. Pure: the caller compared the secret in constant time and knows
// the clock. The reasons are for the audit log; the caller of Join gets one answer for all of them.
import { BlockList, isIP } from 'node:net';
import { isOf } from '../../shared/alphabets.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { IdentityState, TokenRecord } from '../store/records.ts';

export type BadTokenReason =
  | 'malformed'
  | 'unknown'
  | 'wrong-secret'
  | 'revoked'
  | 'expired'
  | 'used-up'
  | 'other-name'
  | 'other-source'
  | 'identity-not-active'
  /** Another key on a machine that is banned. */
  | 'machine-banned';

export type TokenVerdict =
  /** The key spent a use before: the same identity again, whatever became of TTL and uses. */
  | { readonly kind: 'repeat' }
  | { readonly kind: 'good' }
  | { readonly kind: 'bad'; readonly reason: BadTokenReason };

export interface TokenClaim {
  readonly nodeId: NodeId;
  readonly nodeName: string;
  /** The caller's address without port. */
  readonly source: string;
  readonly now: number;
  /** State of the node that has this key; null when there is none. */
  readonly identity: IdentityState | null;
}

export function judgeToken(token: TokenRecord, claim: TokenClaim): TokenVerdict {
  if (token.revoked) return bad('revoked');
  if (token.sourceRange !== null && !isInRange(claim.source, token.sourceRange)) {
    return bad('other-source');
  }
  if (token.nodeName !== null && token.nodeName !== claim.nodeName) return bad('other-name');
  if (token.spentBy.includes(claim.nodeId)) {
    // Null: the coordinator died between spending the use and recording the node.
    const isMember = claim.identity === null || claim.identity === 'active';
    return isMember ? { kind: 'repeat' } : bad('identity-not-active');
  }
  if (claim.identity === 'banned' || claim.identity === 'locked') return bad('identity-not-active');
  if (claim.now >= token.expiresMs) return bad('expired');
  if (token.spentBy.length >= token.uses) return bad('used-up');
  return { kind: 'good' };
}

const bad = (reason: BadTokenReason): TokenVerdict => ({ kind: 'bad', reason });

/** `range` is an address or CIDR that `parseSourceRange` accepted. */
export function isInRange(source: string, range: string): boolean {
  const list = parseSourceRange(range);
  // A link-local caller comes with the interface it came in by.
  const [address = ''] = source.split('%');
  const family = isIP(address);
  if (list === null || family === 0) return false;
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Null when the text is neither an address nor a CIDR. */
export function parseSourceRange(text: string): BlockList | null {
  const [address = '', prefixText, ...rest] = text.split('/');
  const family = isOf('address', address) ? isIP(address) : 0;
  if (family === 0 || rest.length > 0) return null;
  const bits = family === 4 ? 32 : 128;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  const isPrefix = prefixText === undefined || /^\d{1,3}$/.test(prefixText);
  if (!isPrefix || prefix > bits) return null;
  const list = new BlockList();
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  return list;
}
