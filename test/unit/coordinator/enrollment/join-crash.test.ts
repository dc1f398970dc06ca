// The join over a store that dies between any two writes, or loses a race: no host is stranded and
// no use is spent twice.
import { describe, expect, it } from 'vitest';
import { BAD_TOKEN_TEXT } from '../../../../coordinator/enrollment/admit.ts';
import { createChallenges } from '../../../../coordinator/enrollment/challenges.ts';
import { createJoin } from '../../../../coordinator/enrollment/join.ts';
import { createRateLimit } from '../../../../coordinator/enrollment/rate-limit.ts';
import { createRefusedJoins } from '../../../../coordinator/enrollment/refused-joins.ts';
import { createToken } from '../../../../coordinator/enrollment/tokens.ts';
import { createEventFeed } from '../../../../coordinator/events/event-feed.ts';
import { keys, type NodeRecord, type TokenRecord } from '../../../../coordinator/store/records.ts';
import { type Store, update } from '../../../../coordinator/store/store.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { asNodeId } from '../../../../shared/model/ids.ts';
import { type MemoryDisk, memoryDisk, memoryStore } from '../../../fakes/store.ts';
import { aCluster, aFacts } from '../../../support/cluster-builders.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { recordedAudit } from '../../../support/quiet-parts.ts';
import { type NodeKeys, newNodeKeys, proofFor, requestFor } from '../../../support/test-node.ts';

const clock = manualClock();

async function diskWithToken(uses: number): Promise<{ disk: MemoryDisk; token: string }> {
  const disk = memoryDisk();
  const store = memoryStore(disk);
  await store.put(keys.cluster('lab'), aCluster(), 0);
  return { disk, token: await anotherToken(store, uses) };
}

async function anotherToken(store: Store, uses: number): Promise<string> {
  const created = await createToken(
    {
      store,
      keys: { pin: 'A'.repeat(43), keySetDigest: 'B'.repeat(43) },
      clock,
      audit: recordedAudit(),
    },
    {
      cluster: 'lab',
      pool: 'workers',
      ttlMs: 60_000,
      uses,
      nodeName: null,
      sourceRange: null,
      standing: false,
    },
  );
  return created.text;
}

/** A coordinator's enrollment on `store`, asked once by the host that has `own`. */
async function askOnce(store: Store, token: string, own: NodeKeys): Promise<NodeRecord> {
  const challenges = createChallenges(clock);
  const join = createJoin({
    store,
    clock,
    log: silentLogger,
    audit: recordedAudit(),
    feed: createEventFeed(clock),
    challenges,
    limit: createRateLimit(clock),
    refused: createRefusedJoins(clock),
  });
  const credential = token.split('.').slice(0, 2).join('.');
  const nonce = challenges.create();
  return await join({
    credential,
    csr: await requestFor(own),
    nonce,
    nonceSignature: proofFor(own, nonce, credential),
    nodeName: 'w1',
    facts: aFacts('w1', '192.168.7.1'),
    agentVersion: '0.1.0',
    source: '192.168.7.1',
  });
}

const tokens = async (store: Store) =>
  (await store.range<TokenRecord>(keys.tokens)).map(({ value }) => value);

describe('a join that is killed', () => {
  it.each([0, 1, 2])(
    'after %i of its writes ends the same when the host asks again',
    async (writes) => {
      const { disk, token } = await diskWithToken(1);
      const own = newNodeKeys();
      const dying = memoryStore(disk);
      dying.crashAfter(writes);
      await expect(askOnce(dying, token, own)).rejects.toThrow('crashed');

      const store = memoryStore(disk);
      const node = await askOnce(store, token, own);
      expect(node).toMatchObject({ id: own.nodeId, name: 'w1', state: 'active', counter: 1 });
      expect((await tokens(store)).map(({ spentBy }) => spentBy)).toEqual([[own.nodeId]]);
      expect(await store.range(keys.nodes)).toHaveLength(1);
    },
  );

  it('never writes a node before the use is spent', async () => {
    const { disk, token } = await diskWithToken(1);
    const dying = memoryStore(disk);
    dying.crashAfter(0);
    await expect(askOnce(dying, token, newNodeKeys())).rejects.toThrow('crashed');
    expect(await memoryStore(disk).range(keys.nodes)).toEqual([]);
  });
});

describe('a join that loses the race for the token', () => {
  it('is judged anew, and refused when the last use went', async () => {
    const { disk, token } = await diskWithToken(1);
    const store = memoryStore(disk);
    const rival = asNodeId('aaaaaaaaaaaaaaaa');
    store.loseRace('token/', () => {
      const [key, entry] = [...disk.records].find(([name]) => name.startsWith('token/')) ?? [
        '',
        null,
      ];
      const record = JSON.parse(entry?.text ?? '') as TokenRecord;
      disk.revision += 1;
      disk.records.set(key, {
        text: JSON.stringify({ ...record, spentBy: [rival] }),
        revision: disk.revision,
      });
    });
    await expect(askOnce(store, token, newNodeKeys())).rejects.toThrow(BAD_TOKEN_TEXT);
    expect((await tokens(store)).map(({ spentBy }) => spentBy)).toEqual([[rival]]);
  });

  it('is judged anew, and refused when an operator revoked it meanwhile', async () => {
    const { disk, token } = await diskWithToken(1);
    const store = memoryStore(disk);
    store.loseRace('token/', () => {
      void update<TokenRecord>(
        memoryStore(disk),
        keys.token(token.split('.')[0] ?? ''),
        (record) => (record === null ? null : { ...record, revoked: true }),
      );
    });
    await expect(askOnce(store, token, newNodeKeys())).rejects.toThrow(BAD_TOKEN_TEXT);
  });

  it('succeeds on the second try when there is a use left', async () => {
    const { disk, token } = await diskWithToken(2);
    const store = memoryStore(disk);
    store.loseRace('token/');
    const own = newNodeKeys();
    await askOnce(store, token, own);
    expect((await tokens(store)).map(({ spentBy }) => spentBy)).toEqual([[own.nodeId]]);
  });
});

describe('an operator who bans a key while it joins', () => {
  it('is not overwritten by the join', async () => {
    const { disk, token } = await diskWithToken(1);
    const own = newNodeKeys();
    const store = memoryStore(disk);
    await askOnce(store, token, own);
    /** At once, as another process would. */
    const become = (state: NodeRecord['state']): void => {
      const key = keys.node(own.nodeId);
      const node = JSON.parse(disk.records.get(key)?.text ?? '') as NodeRecord;
      disk.revision += 1;
      disk.records.set(key, { text: JSON.stringify({ ...node, state }), revision: disk.revision });
    };
    become('evicted');
    const again = await anotherToken(store, 1);
    store.loseRace('node/', () => become('banned'));
    await expect(askOnce(store, again, own)).rejects.toThrow(BAD_TOKEN_TEXT);
    expect((await store.get<NodeRecord>(keys.node(own.nodeId)))?.value.state).toBe('banned');
  });
});
