// Join tokens: made, extended, revoked. The text is shown once; the store has a hash of the secret.

import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { base64urlSha256, formatJoinToken, newTokenSecret } from '../../shared/join-token.ts';
import type { Random } from '../../shared/random.ts';
import type { AuditLog } from '../events/audit-log.ts';
import type { Keys } from '../keys/keys.ts';
import { newTokenId } from '../signing/new-ids.ts';
import { type ClusterRecord, keys, type NodeRecord, type TokenRecord } from '../store/records.ts';
import { type Store, update } from '../store/store.ts';
import { holdsItsPlace } from './find-duplicate.ts';
import { parseSourceRange } from './judge-token.ts';

export interface TokenDependencies {
  readonly store: Store;
  readonly keys: Pick<Keys, 'pin' | 'keySetDigest'>;
  readonly clock: Clock;
  readonly audit: AuditLog;
  /** @default the system's */
  readonly random?: Random;
}

export interface TokenOptions {
  readonly cluster: string;
  readonly pool: string;
  readonly ttlMs: number;
  /** 0: the free places of the pool, 1 for a pool without size. */
  readonly uses: number;
  readonly nodeName: string | null;
  readonly sourceRange: string | null;
  readonly standing: boolean;
}

export interface CreatedToken {
  /** id.secret.pin.keyset: the only time that it is seen. */
  readonly text: string;
  readonly record: TokenRecord;
}

const hour = 60 * 60 * 1000;
export const DEFAULT_TOKEN_TTL_MS = hour;
const longestTtlMs = 24 * hour;
const longestStandingTtlMs = 365 * 24 * hour;
const mostUses = 10_000;

/** @throws AppError not-found (cluster, pool), usage, refused (no free place). */
export async function createToken(
  deps: TokenDependencies,
  options: TokenOptions,
): Promise<CreatedToken> {
  const cluster = await deps.store.get<ClusterRecord>(keys.cluster(options.cluster));
  if (cluster === null) {
    throw new AppError(
      'not-found',
      `there is no cluster ${options.cluster}: apply its cluster.yaml first`,
    );
  }
  checkOptions(cluster.value, options);
  const uses =
    options.uses === 0 ? await defaultUses(deps.store, cluster.value, options.pool) : options.uses;
  const secret = newTokenSecret(deps.random);
  const now = deps.clock.now();
  const record: TokenRecord = {
    id: newTokenId(deps.random),
    secretHash: base64urlSha256(secret),
    cluster: options.cluster,
    pool: options.pool,
    createdMs: now,
    expiresMs: now + options.ttlMs,
    uses,
    revoked: false,
    nodeName: options.nodeName,
    sourceRange: options.sourceRange,
    standing: options.standing,
    spentBy: [],
  };
  const { secretHash: _, ...shown } = record;
  await deps.audit.append('token-created', { token: shown });
  const stored = await deps.store.put(keys.token(record.id), record, 0);
  if (stored.kind === 'conflict')
    throw new AppError('conflict', `token ${record.id} exists already: try again`);
  const { pin, keySetDigest } = deps.keys;
  return { text: formatJoinToken({ id: record.id, secret, pin, keySetDigest }), record };
}

/** `extend` keeps the secret: for slow machines and user-data that is written already. */
export async function changeToken(
  deps: Omit<TokenDependencies, 'keys'>,
  id: string,
  change: { readonly action: 'revoke' } | { readonly action: 'extend'; readonly ttlMs: number },
): Promise<TokenRecord> {
  const now = deps.clock.now();
  const changed = await update<TokenRecord>(deps.store, keys.token(id), (current) => {
    if (current === null)
      throw new AppError('not-found', `there is no token ${id}: \`get tokens\` lists them`);
    if (change.action === 'revoke') return { ...current, revoked: true };
    if (current.revoked) throw new AppError('conflict', `token ${id} is revoked: create another`);
    checkTtl(change.ttlMs, current.standing);
    return { ...current, expiresMs: now + change.ttlMs };
  });
  if (changed === null) throw new AppError('internal', `token ${id} was not stored`);
  const event = change.action === 'revoke' ? 'token-revoked' : 'token-extended';
  await deps.audit.append(event, { tokenId: id, expiresMs: changed.expiresMs });
  return changed;
}

/** Hosts that the pool still needs; null for a pool without size. Pure. */
export function freePlaces(
  cluster: ClusterRecord,
  pool: string,
  nodes: readonly NodeRecord[],
): number | null {
  const size = cluster.spec.pools.find(({ name }) => name === pool)?.size;
  if (size === undefined) return null;
  const taken = nodes.filter(
    (node) => node.cluster === cluster.name && node.pool === pool && holdsItsPlace(node),
  );
  return Math.max(0, size - taken.length);
}

async function defaultUses(store: Store, cluster: ClusterRecord, pool: string): Promise<number> {
  const nodes = await store.range<NodeRecord>(keys.nodes);
  const free = freePlaces(
    cluster,
    pool,
    nodes.map(({ value }) => value),
  );
  if (free === null) return 1;
  if (free > 0) return free;
  throw new AppError(
    'refused',
    `pool ${pool} has all its hosts: say --uses N to let in spare ones, or raise the pool's size`,
  );
}

function checkOptions(cluster: ClusterRecord, options: TokenOptions): void {
  const pool = cluster.spec.pools.find(({ name }) => name === options.pool);
  if (pool === undefined) {
    const names = cluster.spec.pools.map(({ name }) => name).join(', ');
    throw new AppError(
      'not-found',
      `cluster ${cluster.name} has no pool ${options.pool}: it has ${names}`,
    );
  }
  checkTtl(options.ttlMs, options.standing);
  if (!Number.isInteger(options.uses) || options.uses < 0 || options.uses > mostUses) {
    throw new AppError('usage', `a token has 1 to ${mostUses} uses, not ${options.uses}`);
  }
  if (options.sourceRange !== null && parseSourceRange(options.sourceRange) === null) {
    throw new AppError(
      'usage',
      `not an address or range such as 10.0.0.0/24: ${options.sourceRange}`,
    );
  }
  if (!options.standing) return;
  if (pool.roles.some((role) => role !== 'worker')) {
    throw new AppError(
      'usage',
      `a standing token is for worker pools only: ${pool.name} has ${pool.roles.join(', ')}`,
    );
  }
  if (options.sourceRange === null || options.uses === 0) {
    throw new AppError('usage', 'a standing token needs --source-range and --uses');
  }
}

function checkTtl(ttlMs: number, standing: boolean): void {
  const longest = standing ? longestStandingTtlMs : longestTtlMs;
  if (Number.isFinite(ttlMs) && ttlMs > 0 && ttlMs <= longest) return;
  const way = standing ? '' : ' (or --standing, for autoscaling)';
  throw new AppError(
    'usage',
    `a token lives more than 0 s and at most ${longest / hour} h, not ${ttlMs / 1000} s${way}`,
  );
}
