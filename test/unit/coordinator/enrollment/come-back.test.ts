// A member that was away for longer than its certificate lived, over a store in memory.
import { createHash, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createChallenges } from '../../../../coordinator/enrollment/challenges.ts';
import { comeBack } from '../../../../coordinator/enrollment/come-back.ts';
import { createRateLimit } from '../../../../coordinator/enrollment/rate-limit.ts';
import { createRefusedJoins } from '../../../../coordinator/enrollment/refused-joins.ts';
import { createEventFeed } from '../../../../coordinator/events/event-feed.ts';
import { acknowledged } from '../../../../coordinator/identity/judge-renewal.ts';
import { createCaCertificate, issueLeaf } from '../../../../coordinator/keys/certificate.ts';
import { keys, type NodeRecord } from '../../../../coordinator/store/records.ts';
import { update } from '../../../../coordinator/store/store.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { asNodeId } from '../../../../shared/model/ids.ts';
import { memoryStore } from '../../../fakes/store.ts';
import { aNode } from '../../../support/cluster-builders.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { recordedAudit } from '../../../support/quiet-parts.ts';
import { newNodeKeys, requestFor } from '../../../support/test-node.ts';

const hour = 3_600_000;
const day = 24 * hour;
const issuer = {
  name: [{ CN: ['fleet CA'] }],
  key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
};

async function aWorld(change: Partial<NodeRecord> = {}) {
  const clock = manualClock();
  const store = memoryStore();
  const own = newNodeKeys();
  const id = asNodeId(own.nodeId);
  const certificate = {
    notBeforeMs: clock.now() - 2 * day,
    notAfterMs: clock.now() - day,
    from: '10.0.0.1',
  };
  const publicKey = own.spki.toString('base64');
  const record = { ...aNode('w1', 1).record, id, publicKey, counter: 4, certificate, ...change };
  await store.put(keys.node(id), record, 0);
  const caPem = await createCaCertificate(issuer, { now: clock.now(), lifetimeMs: 365 * day });
  const challenges = createChallenges(clock);
  const refused = createRefusedJoins(clock);
  const audit = recordedAudit();
  const deps = {
    store,
    clock,
    log: silentLogger,
    audit,
    feed: createEventFeed(clock),
    challenges,
    limit: createRateLimit(clock),
    refused,
    wake: () => {},
    keys: {
      issueNodeCertificate: async (publicKeySpki: Uint8Array, nodeId: string, now: number) => {
        const leaf = await issueLeaf(issuer, {
          subject: [{ CN: [nodeId] }],
          publicKey: publicKeySpki,
          names: [],
          usages: ['client'],
          lifetimeMs: day,
          now,
        });
        return [leaf, caPem].map((pem) => new X509Certificate(pem).raw);
      },
    },
  };
  const csr = await requestFor(own);
  const ask = async (counter: number, given: Partial<{ csr: Buffer; purpose: string }> = {}) => {
    const nonce = challenges.create();
    const digest = createHash('sha256')
      .update(given.purpose ?? 'muster/return/v1')
      .digest();
    const nonceSignature = sign('sha256', Buffer.concat([nonce, digest]), {
      key: own.key,
      dsaEncoding: 'ieee-p1363',
    });
    const claim = { csr: given.csr ?? csr, nonce, nonceSignature, counter, source: '10.0.0.9' };
    return await comeBack(deps, claim);
  };
  const node = async (): Promise<NodeRecord> => {
    const stored = await store.get<NodeRecord>(keys.node(id));
    if (stored === null) throw new Error('no such node');
    return stored.value;
  };
  /** Its first call under the certificate that it got; then it is away until that has ended too. */
  const liveAndLeave = async (): Promise<void> => {
    await update<NodeRecord>(store, keys.node(id), (current) =>
      current === null ? null : acknowledged(current, current.renewal?.leafSha256 ?? ''),
    );
    clock.advance(2 * day);
  };
  return { ask, node, clock, refused, audit, own, liveAndLeave };
}

describe('a member whose certificate has ended', () => {
  it('comes back by its key; a lost reply is answered with the same bytes and counted once', async () => {
    const { ask, node, audit } = await aWorld();
    const first = await ask(4);
    expect(first.counter).toBe(5);
    expect(await ask(4)).toEqual(first);
    expect(await node()).toMatchObject({
      state: 'active',
      counter: 4,
      returns: [expect.any(Number)],
    });
    expect(audit.entries.map(({ event }) => event)).toEqual(['returned']);
  });

  it('comes back three times within thirty days, then needs an approval; its agent may go on asking', async () => {
    const { ask, node, liveAndLeave, refused } = await aWorld();
    for (const counter of [4, 5, 6]) {
      await ask(counter);
      await liveAndLeave();
    }
    const refusal = await failureOf(ask(7));
    expect(refusal).toMatchObject({ code: 'refused' });
    expect(refusal.message).toContain('coordinator node approve w1');
    expect(refusal.message).toContain('nothing on the host has to be wiped');
    expect(refused.waits('lab')).toMatchObject([{ subject: 'w1', reason: { wish: 'return' } }]);
    expect((await node()).state).toBe('active');
  });

  it('needs an approval after a week, and comes back with it', async () => {
    const { ask, clock } = await aWorld();
    clock.advance(7 * day);
    expect((await failureOf(ask(4))).message).toContain('more than 7 days ago');
    const approved = await aWorld({ mayReturnUntilMs: clock.now() + 100 * day });
    approved.clock.advance(7 * day);
    expect((await approved.ask(4)).counter).toBe(5);
  });

  it('is told to call with its certificate while that is good', async () => {
    const certificate = { notBeforeMs: 0, notAfterMs: 3_000_000_000_000, from: '' };
    const { ask } = await aWorld({ certificate });
    expect((await failureOf(ask(4))).message).toContain('call with it');
  });

  it('with a stale counter is a copy, and locks', async () => {
    const { ask, node } = await aWorld();
    expect((await failureOf(ask(2))).message).toContain('is locked');
    expect(await node()).toMatchObject({
      state: 'locked',
      lock: { reason: 'counter', addresses: ['10.0.0.9', '10.0.0.1'] },
    });
  });

  it.each(['locked', 'evicted', 'banned', 'retired'] as const)(
    'that is %s stays out',
    async (state) => {
      const { ask } = await aWorld({ state });
      expect((await failureOf(ask(4))).message).toContain(`is ${state}`);
    },
  );

  it('is nobody with a proof made for a join', async () => {
    const { ask } = await aWorld();
    const failure = await failureOf(ask(4, { purpose: 'mtaaaaaaaaaa.secret' }));
    expect(failure.code).toBe('unauthenticated');
  });
});
