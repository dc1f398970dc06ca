// Joins against a real coordinator on the loopback: real TLS, real store, real certificates.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BAD_TOKEN_TEXT } from '../../../../coordinator/enrollment/admit.ts';
import { keys, type NodeRecord, type TokenRecord } from '../../../../coordinator/store/records.ts';
import { update } from '../../../../coordinator/store/store.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { AppError } from '../../../../shared/errors.ts';
import { base64urlSha256, parseJoinToken } from '../../../../shared/join-token.ts';
import { asNodeId } from '../../../../shared/model/ids.ts';
import { createClient, openChannel } from '../../../../shared/rpc/client.ts';
import { jsonToWire } from '../../../../shared/rpc/codec.ts';
import type { EnrollmentDefinition } from '../../../../shared/rpc/generated/muster/v1/Enrollment.ts';
import { services } from '../../../../shared/rpc/load.ts';
import { clientCredentials, fixedServerName } from '../../../../shared/rpc/tls.ts';
import { aFacts } from '../../../support/cluster-builders.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import { joinOnce, newNodeKeys, proofFor, requestFor } from '../../../support/test-node.ts';

let coordinator: TestCoordinator;
afterEach(async () => {
  await coordinator.stop();
});

const tokenRecord = async (token: string): Promise<TokenRecord> => {
  const stored = await coordinator.store.get<TokenRecord>(keys.token(token.split('.')[0] ?? ''));
  if (stored === null) throw new Error('no such token');
  return stored.value;
};

const setNodeState = async (nodeId: string, state: NodeRecord['state']): Promise<void> => {
  await update<NodeRecord>(coordinator.store, keys.node(nodeId), (node) =>
    node === null ? null : { ...node, state },
  );
};

describe('a join with a good token', () => {
  it('gives an identity whose key, names and keys are what the token promised', async () => {
    coordinator = await startTestCoordinator();
    const text = await coordinator.token();
    const own = newNodeKeys();
    const reply = await joinOnce(coordinator, { token: text, name: 'w1', number: 1, keys: own });
    const token = parseJoinToken(text);
    const [leafDer, caDer] = reply.certificateChain;
    const leaf = new X509Certificate(leafDer ?? '');
    const ca = new X509Certificate(caDer ?? '');

    expect(reply).toMatchObject({
      nodeId: own.nodeId,
      cluster: 'lab',
      pool: 'workers',
      counter: 1,
    });
    expect(base64urlSha256(reply.keySet)).toBe(token.keySetDigest);
    expect(base64urlSha256(ca.publicKey.export({ format: 'der', type: 'spki' }))).toBe(token.pin);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.publicKey.export({ format: 'der', type: 'spki' })).toEqual(own.spki);
    // The request asked for an operator's name; it has no say.
    expect(leaf.subject.split('\n').sort()).toEqual([`CN=${own.nodeId}`, 'OU=muster:node']);
    expect(leaf.subjectAltName).toBeUndefined();
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    const hours = (leaf.validToDate.getTime() - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThan(24.1);
    expect(await tokenRecord(text)).toMatchObject({ spentBy: [own.nodeId] });
  });

  it('stores a hash of the secret and nowhere the secret', async () => {
    coordinator = await startTestCoordinator();
    const text = await coordinator.token();
    await coordinator.join({ token: text, name: 'w1', number: 1 });
    const { secret } = parseJoinToken(text);
    await coordinator.restart();
    for (const file of ['store.db', 'store.db-wal', 'audit.log']) {
      const content = await readFile(join(coordinator.dataDir, file)).catch(() => Buffer.alloc(0));
      expect(content.includes(secret), file).toBe(false);
    }
  });

  it('lets exactly one of ten hosts in that come at once with a token of one use', async () => {
    coordinator = await startTestCoordinator();
    const token = await coordinator.token({ uses: 1 });
    const hosts = Array.from({ length: 10 }, (_, index) =>
      joinOnce(coordinator, { token, name: `w${String(index)}`, number: index + 1 }),
    );
    const results = await Promise.allSettled(hosts);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(9);
    for (const { reason } of refused) expect((reason as AppError).message).toBe(BAD_TOKEN_TEXT);
    expect(await coordinator.store.range(keys.nodes)).toHaveLength(1);
    expect((await tokenRecord(token)).spentBy).toHaveLength(1);
  });

  it('judges anew when the token changes between reading and spending it', async () => {
    coordinator = await startTestCoordinator();
    const token = await coordinator.token({ uses: 2 });
    const { id } = parseJoinToken(token);
    // Writes of the token from elsewhere, all through the join.
    let isOver = false;
    const noise = (async () => {
      while (!isOver) {
        await update<TokenRecord>(coordinator.store, keys.token(id), (record) =>
          record === null ? null : { ...record, createdMs: record.createdMs + 1 },
        );
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await coordinator.join({ token, name: 'w1', number: 1 });
    isOver = true;
    await noise;
    expect((await tokenRecord(token)).spentBy).toHaveLength(1);
  });
});

describe('a lost reply', () => {
  it('gives the same key the same identity and costs no second use, even after TTL and use-up', async () => {
    let skipMs = 0;
    const clock = { ...systemClock, now: () => Date.now() + skipMs };
    coordinator = await startTestCoordinator({ clock });
    const token = await coordinator.token({ uses: 1 });
    const own = newNodeKeys();
    const attempt = { token, name: 'w1', number: 1, keys: own };
    const first = await joinOnce(coordinator, attempt);
    skipMs = 3 * 3600 * 1000;
    const second = await joinOnce(coordinator, attempt);
    expect(second).toMatchObject({
      nodeId: first.nodeId,
      counter: first.counter,
      pool: first.pool,
    });
    expect((await tokenRecord(token)).spentBy).toEqual([own.nodeId]);
    // And another key gets nothing.
    expect((await failureOf(joinOnce(coordinator, { token, name: 'w2', number: 2 }))).message).toBe(
      BAD_TOKEN_TEXT,
    );
  });

  it('finishes a join that a crash cut between spending the token and recording the node', async () => {
    coordinator = await startTestCoordinator();
    const token = await coordinator.token({ uses: 1 });
    const own = newNodeKeys();
    const { id } = parseJoinToken(token);
    await update<TokenRecord>(coordinator.store, keys.token(id), (record) =>
      record === null ? null : { ...record, spentBy: [asNodeId(own.nodeId)] },
    );
    const reply = await joinOnce(coordinator, { token, name: 'w1', number: 1, keys: own });
    expect(reply.nodeId).toBe(own.nodeId);
    const node = await coordinator.store.get<NodeRecord>(keys.node(own.nodeId));
    expect(node?.value).toMatchObject({ name: 'w1', state: 'active' });
  });

  it.each(['evicted', 'banned', 'locked', 'retired'] as const)(
    'gives nothing to the same key once it is %s',
    async (state) => {
      coordinator = await startTestCoordinator();
      const token = await coordinator.token({ uses: 5 });
      const own = newNodeKeys();
      await joinOnce(coordinator, { token, name: 'w1', number: 1, keys: own });
      await setNodeState(own.nodeId, state);
      const again = failureOf(joinOnce(coordinator, { token, name: 'w1', number: 1, keys: own }));
      expect((await again).message).toBe(BAD_TOKEN_TEXT);
    },
  );

  it('lets an evicted host in again with a new token, its numbers going on, but never a banned one', async () => {
    coordinator = await startTestCoordinator();
    const own = newNodeKeys();
    const attempt = { name: 'w1', number: 1, keys: own };
    await joinOnce(coordinator, { ...attempt, token: await coordinator.token() });
    await update<NodeRecord>(coordinator.store, keys.node(own.nodeId), (node) =>
      node === null ? null : { ...node, state: 'evicted', sequence: { host: 7, cluster: 3 } },
    );
    const reply = await joinOnce(coordinator, { ...attempt, token: await coordinator.token() });
    expect(reply.counter).toBe(2);
    const node = await coordinator.store.get<NodeRecord>(keys.node(own.nodeId));
    expect(node?.value).toMatchObject({ state: 'active', sequence: { host: 7, cluster: 3 } });

    await setNodeState(own.nodeId, 'banned');
    const banned = failureOf(
      joinOnce(coordinator, { ...attempt, token: await coordinator.token() }),
    );
    expect((await banned).message).toBe(BAD_TOKEN_TEXT);
  });

  it('keeps a banned machine out whatever key it makes, and says to it what any bad token is told', async () => {
    coordinator = await startTestCoordinator();
    const { nodeId } = await coordinator.join({ name: 'w1', number: 1 });
    await setNodeState(nodeId, 'banned');
    const facts = { machineId: 'machine-w1' };
    const again = { name: 'w2', number: 2, facts, token: await coordinator.token() };
    expect((await failureOf(joinOnce(coordinator, again))).message).toBe(BAD_TOKEN_TEXT);
    expect((await coordinator.audit()).at(-1)).toMatchObject({ reason: 'machine-banned' });
  });
});

describe('a bad token', () => {
  it('gets one code and one text whatever is wrong, and the audit log has the reasons', async () => {
    let skipMs = 0;
    const clock = {
      ...systemClock,
      now: () => Date.now() + skipMs,
      boot: () => systemClock.boot() + skipMs,
    };
    coordinator = await startTestCoordinator({ clock });
    const revoked = await coordinator.token();
    await coordinator.operator.ChangeToken(
      { id: revoked.split('.')[0] ?? '', action: 'revoke' },
      { timeoutMs: 5000 },
    );
    const used = await coordinator.token({ uses: 1 });
    await coordinator.join({ token: used, name: 'w9', number: 9 });
    const good = await coordinator.token();
    const expired = await coordinator.token({ ttlSeconds: 60 });
    const kinds: readonly (readonly [string, string])[] = [
      ['malformed', 'rubbish'],
      ['malformed', ''],
      ['unknown', 'mtaaaaaaaaaa.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
      ['wrong-secret', `${good.split('.')[0] ?? ''}.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`],
      ['revoked', revoked],
      ['used-up', used],
      ['other-name', await coordinator.token({ nodeName: 'someone-else' })],
      ['other-source', await coordinator.token({ sourceRange: '10.99.0.0/16' })],
      ['expired', expired],
    ];
    for (const [, token] of kinds) {
      // Past the token of a minute, and past the limit on failures of one source.
      skipMs += 61_000;
      const error = await failureOf(joinOnce(coordinator, { token, name: 'w1', number: 1 }));
      expect([error.code, error.message, error.retryable]).toEqual([
        'unauthenticated',
        BAD_TOKEN_TEXT,
        false,
      ]);
    }
    const refusals = (await coordinator.audit()).filter((line) => line.event === 'join-refused');
    expect(refusals.map((line) => line['reason'])).toEqual(kinds.map(([reason]) => reason));
    expect(await coordinator.store.range(keys.nodes)).toHaveLength(1);
  });

  it('is not tried for ever: after five failures a source waits, but not a good token of it', async () => {
    let skipMs = 0;
    const clock = { ...systemClock, boot: () => systemClock.boot() + skipMs };
    coordinator = await startTestCoordinator({ clock });
    const attempt = { token: 'rubbish', name: 'w1', number: 1 };
    for (let index = 0; index < 5; index += 1) await failureOf(joinOnce(coordinator, attempt));
    const limited = await failureOf(joinOnce(coordinator, attempt));
    expect(limited).toMatchObject({ code: 'rate-limited', retryable: true });
    await coordinator.join({ name: 'w1', number: 1 });
    skipMs = 61_000;
    expect((await failureOf(joinOnce(coordinator, attempt))).code).toBe('unauthenticated');
  });

  it('is refused before anything else of the join is read', async () => {
    coordinator = await startTestCoordinator();
    const attempt = { token: 'rubbish', name: 'w1', number: 1, facts: { hostname: 'not a name' } };
    expect((await failureOf(joinOnce(coordinator, attempt))).code).toBe('unauthenticated');
    const token = await coordinator.token();
    expect((await failureOf(joinOnce(coordinator, { ...attempt, token }))).code).toBe('invalid');
  });

  it('bound to a name and a range lets in the host it is for', async () => {
    coordinator = await startTestCoordinator();
    const token = await coordinator.token({ nodeName: 'w1', sourceRange: '127.0.0.0/8' });
    await coordinator.join({ token, name: 'w1', number: 1 });
  });
});

describe('a host that looks like another', () => {
  it.each([
    ['node name', { name: 'w1', number: 2, facts: { hostname: 'other' } }, 'w1'],
    ['machine-id', { name: 'w2', number: 2, facts: { machineId: 'machine-w1' } }, 'machine-w1'],
    ['product uuid', { name: 'w2', number: 2, facts: { productUuid: 'uuid-w1' } }, 'uuid-w1'],
    ['hostname', { name: 'w2', number: 2, facts: { hostname: 'w1' } }, 'w1'],
    ['address', { name: 'w2', number: 1 }, '192.168.7.1'],
  ] as const)(
    'is refused for its %s, named with the other node, and the token keeps its use',
    async (field, host, value) => {
      coordinator = await startTestCoordinator();
      await coordinator.join({ name: 'w1', number: 1 });
      const token = await coordinator.token();
      const error = await failureOf(joinOnce(coordinator, { ...host, token }));
      expect(error.code).toBe('refused');
      expect(error.message).toContain(
        `another node of cluster lab has the ${field} ${value}: w1, joined from 127.0.0.1`,
      );
      expect((await tokenRecord(token)).spentBy).toEqual([]);

      const explained = await coordinator.operator.Explain({ node: '' }, { timeoutMs: 5000 });
      const waits = explained.waits.map(
        (wait) => JSON.parse(wait.toString('utf8')) as { subject: string; for: string },
      );
      expect(waits.find((wait) => wait.subject === host.name)?.for).toContain(`${field} ${value}`);
      const logs = await coordinator.operator.Logs(
        { subject: '', after: 0, follow: false },
        { timeoutMs: 5000 },
      );
      expect(
        logs.lines.some((line) => line.toString('utf8').includes('refused: another node')),
      ).toBe(true);
      expect((await coordinator.audit()).at(-1)).toMatchObject({
        event: 'join-refused',
        reason: 'duplicate',
        field,
      });
    },
  );

  it('is one of two that come in the same moment: one gets in', async () => {
    coordinator = await startTestCoordinator();
    const token = await coordinator.token({ uses: 2 });
    const facts = { machineId: 'machine-of-the-image' };
    const results = await Promise.allSettled([
      joinOnce(coordinator, { token, name: 'w1', number: 1, facts }),
      joinOnce(coordinator, { token, name: 'w2', number: 2, facts }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it.each(['evicted', 'retired'] as const)(
    'is welcome when the other is %s: names are free again',
    async (state) => {
      coordinator = await startTestCoordinator();
      const old = await coordinator.join({ name: 'w1', number: 1 });
      await setNodeState(old.nodeId, state);
      const again = await coordinator.join({ name: 'w1', number: 1 });
      expect(again.nodeId).not.toBe(old.nodeId);
    },
  );

  it('is not one for placeholders that firmware gives to everyone', async () => {
    coordinator = await startTestCoordinator();
    const facts = { productUuid: '00000000-0000-0000-0000-000000000000', machineId: 'unknown' };
    await coordinator.join({ name: 'w1', number: 1, facts });
    await coordinator.join({ name: 'w2', number: 2, facts });
  });
});

describe('the proof of the key', () => {
  it('cannot be replayed: a nonce is good once', async () => {
    coordinator = await startTestCoordinator();
    const channel = openChannel({
      address: `127.0.0.1:${String(coordinator.grpcPort)}`,
      credentials: clientCredentials(coordinator.caPem, null),
      options: fixedServerName,
    });
    const client = createClient<EnrollmentDefinition>(services.enrollment, channel);
    const credential = (await coordinator.token({ uses: 3 })).split('.').slice(0, 2).join('.');
    const own = newNodeKeys();
    const { nonce } = await client.GetChallenge({}, { timeoutMs: 5000 });
    const request = {
      token: credential,
      csr: await requestFor(own),
      nonce,
      nonceSignature: proofFor(own, nonce, credential),
      nodeName: 'w1',
      agentVersion: '0.1.0',
      facts: jsonToWire(aFacts('w1', '192.168.7.1')),
    };
    const stolen = { ...request, csr: await requestFor(newNodeKeys()) };
    const wrongKey = await failureOf(client.Join(stolen, { timeoutMs: 5000 }));
    expect([wrongKey.code, wrongKey.message]).toEqual([
      'unauthenticated',
      'the challenge is not signed by the key of the certificate request',
    ]);
    const replayed = await failureOf(client.Join(request, { timeoutMs: 5000 }));
    expect(replayed).toMatchObject({ code: 'conflict', retryable: true });
    const fresh = await client.GetChallenge({}, { timeoutMs: 5000 });
    const broken = { ...request, nonce: fresh.nonce, csr: Buffer.from('not a csr') };
    expect((await failureOf(client.Join(broken, { timeoutMs: 5000 }))).code).toBe('invalid');
    channel.close();
    expect(await coordinator.store.range(keys.nodes)).toHaveLength(0);
  });

  it('makes a member that can poll at once', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const { answer, plans } = await node.poll();
    expect(answer).toMatchObject({
      nodeId: node.nodeId,
      fleet: coordinator.fleet,
      stop: [],
      goOn: [],
    });
    expect(plans).toEqual([]);
  });
});
