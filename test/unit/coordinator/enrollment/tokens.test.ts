import { beforeEach, describe, expect, it } from 'vitest';
import {
  changeToken,
  createToken,
  freePlaces,
  type TokenOptions,
} from '../../../../coordinator/enrollment/tokens.ts';
import { keys, type TokenRecord } from '../../../../coordinator/store/records.ts';
import { base64urlSha256, parseJoinToken } from '../../../../shared/join-token.ts';
import { type MemoryStore, memoryStore } from '../../../fakes/store.ts';
import { aCluster, aNode } from '../../../support/cluster-builders.ts';
import { type ManualClock, manualClock } from '../../../support/manual-clock.ts';
import { type RecordedAudit, recordedAudit } from '../../../support/quiet-parts.ts';

const hour = 3_600_000;
let store: MemoryStore;
let clock: ManualClock;
let audit: RecordedAudit;
const pins = { pin: 'A'.repeat(43), keySetDigest: 'B'.repeat(43) };

const create = (options: Partial<TokenOptions> = {}) =>
  createToken(
    { store, keys: pins, clock, audit },
    {
      cluster: 'lab',
      pool: 'workers',
      ttlMs: hour,
      uses: 1,
      nodeName: null,
      sourceRange: null,
      standing: false,
      ...options,
    },
  );

beforeEach(async () => {
  store = memoryStore();
  clock = manualClock();
  audit = recordedAudit();
  await store.put(keys.cluster('lab'), aCluster(), 0);
});

describe('creating a token', () => {
  it('stores a hash of the secret, and says the secret once, in the text', async () => {
    const { text, record } = await create();
    const token = parseJoinToken(text);
    expect(record.secretHash).toBe(base64urlSha256(token.secret));
    expect(Buffer.from(token.secret, 'base64url')).toHaveLength(32);
    expect(token).toMatchObject(pins);
    const stored = await store.get<TokenRecord>(keys.token(record.id));
    expect(JSON.stringify([stored, audit.entries])).not.toContain(token.secret);
  });

  it.each([
    ['no life at all', { ttlMs: 0 }, /more than 0 s and at most 24 h/],
    ['a life that never ends', { ttlMs: Number.POSITIVE_INFINITY }, /at most 24 h/],
    ['more than a day', { ttlMs: 25 * hour }, /at most 24 h/],
    ['half a use', { uses: 0.5 }, /1 to 10000 uses/],
    ['fewer than no uses', { uses: -1 }, /1 to 10000 uses/],
    ['an unknown cluster', { cluster: 'other' }, /no cluster other/],
    ['an unknown pool', { pool: 'gpu' }, /no pool gpu: it has control-plane, workers/],
    ['a range that is none', { sourceRange: '10.0.0.0/33' }, /not an address or range/],
    [
      'a standing token for masters',
      { standing: true, pool: 'control-plane', uses: 3, sourceRange: '10.0.0.0/8' },
      /worker pools only/,
    ],
    ['a standing token without a range', { standing: true, uses: 3 }, /--source-range and --uses/],
  ] as const)('refuses %s', async (_name, options, message) => {
    await expect(create(options)).rejects.toThrow(message);
    expect(await store.range(keys.tokens)).toEqual([]);
  });

  it('gives a sized pool as many uses as it has free places, and another pool one', async () => {
    await store.put(keys.node('aaaa'), aNode('m1', 1).record, 0);
    expect((await create({ pool: 'control-plane', uses: 0 })).record.uses).toBe(2);
    expect((await create({ pool: 'workers', uses: 0 })).record.uses).toBe(1);
  });

  it('wants a number of uses said for a pool that has all its hosts', async () => {
    for (const number of [1, 2, 3]) {
      await store.put(
        keys.node(`m${String(number)}`),
        aNode(`m${String(number)}`, number).record,
        0,
      );
    }
    await expect(create({ pool: 'control-plane', uses: 0 })).rejects.toThrow(
      /has all its hosts: say --uses/,
    );
    expect((await create({ pool: 'control-plane', uses: 1 })).record.uses).toBe(1);
  });
});

describe('changing a token', () => {
  it('extends it with the same secret', async () => {
    const { record } = await create();
    clock.advance(2 * hour);
    const extended = await changeToken({ store, clock, audit }, record.id, {
      action: 'extend',
      ttlMs: hour,
    });
    expect(extended.expiresMs).toBe(clock.now() + hour);
    expect(extended.secretHash).toBe(record.secretHash);
  });

  it('revokes it for good', async () => {
    const { record } = await create();
    await changeToken({ store, clock, audit }, record.id, { action: 'revoke' });
    const extend = changeToken({ store, clock, audit }, record.id, {
      action: 'extend',
      ttlMs: hour,
    });
    await expect(extend).rejects.toThrow(/is revoked/);
    expect(audit.entries.map(({ event }) => event)).toEqual(['token-created', 'token-revoked']);
  });

  it('does not extend beyond a day from now, nor a token there is not', async () => {
    const { record } = await create();
    const far = changeToken({ store, clock, audit }, record.id, {
      action: 'extend',
      ttlMs: 25 * hour,
    });
    await expect(far).rejects.toThrow(/at most 24 h/);
    await expect(
      changeToken({ store, clock, audit }, 'mtnone', { action: 'revoke' }),
    ).rejects.toThrow(/no token mtnone/);
  });
});

describe('free places', () => {
  it('counts active hosts of the pool in this cluster only', () => {
    const own = aNode('m1', 1).record;
    const nodes = [
      own,
      { ...own, state: 'evicted' as const },
      { ...own, cluster: 'other' },
      { ...own, pool: 'workers' },
    ];
    expect(freePlaces(aCluster(), 'control-plane', nodes)).toBe(2);
    expect(freePlaces(aCluster(), 'workers', nodes)).toBeNull();
  });
});
