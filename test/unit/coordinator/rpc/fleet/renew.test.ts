// Renewal and clones against a real coordinator on the loopback.
import { X509Certificate } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { decide } from '../../../../../coordinator/planner/decide.ts';
import { keys, type NodeRecord } from '../../../../../coordinator/store/records.ts';
import { jsonToWire } from '../../../../../shared/rpc/codec.ts';
import { aFacts } from '../../../../support/cluster-builders.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../../support/coordinator.ts';
import { failureOf } from '../../../../support/expected-failure.ts';
import { openNode, requestFor, type TestNode } from '../../../../support/test-node.ts';

let coordinator: TestCoordinator;
afterEach(async () => {
  await coordinator.stop();
});

const call = { timeoutMs: 30_000 };

async function recordOf({ nodeId }: TestNode): Promise<NodeRecord> {
  const stored = await coordinator.store.get<NodeRecord>(keys.node(nodeId));
  if (stored === null) throw new Error('no such node');
  return stored.value;
}

/** The same host, calling with the certificate of a renewal. */
const underNew = async (node: TestNode, chain: readonly Buffer[]): Promise<TestNode> =>
  openNode(coordinator, {
    keys: node.keys,
    name: node.name,
    keySet: await coordinator.keySet(),
    chainPem: chain.map((der) => new X509Certificate(der).toString()).join(''),
  });

async function explained(): Promise<string> {
  const { waits } = await coordinator.operator.Explain({ node: '' }, call);
  return waits.map((wait) => wait.toString('utf8')).join('\n');
}

describe('a renewal', () => {
  it('is the same bytes until the host calls under it, also after a restart; then it counts', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const csr = await requestFor(node.keys);
    const first = await node.fleet.Renew({ csr, counter: 1 }, call);
    const again = await node.fleet.Renew({ csr, counter: 1 }, call);
    expect(again).toEqual(first);
    expect((await recordOf(node)).counter).toBe(1);

    const renewed = await underNew(node, first.certificateChain);
    await renewed.poll();
    const record = await recordOf(node);
    expect(record).toMatchObject({ counter: 2, certificate: { from: '127.0.0.1' } });
    expect(record.renewal).toBeUndefined();
    const next = await renewed.fleet.Renew({ csr: await requestFor(node.keys), counter: 2 }, call);
    expect(next.counter).toBe(3);
    renewed.close();
  });

  it('with a stale counter locks the identity, and names both addresses everywhere', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const csr = await requestFor(node.keys);
    const { certificateChain } = await node.fleet.Renew({ csr, counter: 1 }, call);
    const renewed = await underNew(node, certificateChain);
    await renewed.poll();

    const refusal = await failureOf(node.fleet.Renew({ csr, counter: 1 }, call));
    expect(refusal.code).toBe('permission-denied');
    expect(refusal.message).toContain('is locked');
    expect(refusal.message).toContain('127.0.0.1 and 127.0.0.1');
    expect(refusal.message).toContain('coordinator node approve w1');
    expect(await recordOf(node)).toMatchObject({ state: 'locked', lock: { reason: 'counter' } });
    for (const copy of [node, renewed]) {
      const denied = [
        () => copy.poll(),
        async () => copy.fleet.Renew({ csr, counter: 2 }, call),
        () =>
          copy.fleet.SignCertificate({ planId: 'p', stepId: 's', profile: 'etcd-peer', csr }, call),
      ];
      for (const attempt of denied) {
        expect((await failureOf(attempt())).message).toContain('node w1');
      }
    }
    expect(await coordinator.audit()).toContainEqual(
      expect.objectContaining({
        event: 'node-state',
        state: 'locked',
        reason: 'counter',
        addresses: ['127.0.0.1', '127.0.0.1'],
      }),
    );
    const events = await coordinator.operator.Get({ kind: 'events', name: 'w1' }, call);
    expect(events.documents.join('\n')).toContain('locked: asked for the certificate after');
    renewed.close();
  });

  it('of a copy that tells a counter nobody was given locks, and moves no counter', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    await node.poll();
    const csr = await requestFor(node.keys);
    await failureOf(node.fleet.Renew({ csr, counter: 4_000_000 }, call));
    expect(await recordOf(node)).toMatchObject({ state: 'locked', counter: 1 });
  });
});

describe('facts with another machine-id', () => {
  it('lock the identity: another machine has its key', async () => {
    coordinator = await startTestCoordinator({ decide });
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const facts = aFacts('w1', '192.168.7.1', { machineId: 'machine-of-the-copy' });
    const refusal = await failureOf(node.fleet.ReportFacts({ facts: jsonToWire(facts) }, call));
    expect(refusal.message).toContain(
      'reports the machine-id machine-of-the-copy and joined with machine-w1',
    );
    expect(await recordOf(node)).toMatchObject({ state: 'locked', lock: { reason: 'machine' } });
    expect((await failureOf(node.poll())).code).toBe('permission-denied');
    await expect.poll(explained, { timeout: 10_000 }).toContain('machine-of-the-copy');
  });

  it('that a probe could not read lock nothing', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const facts = aFacts('w1', '192.168.7.1', { machineId: 'unknown' });
    await node.fleet.ReportFacts({ facts: jsonToWire(facts) }, call);
    await node.poll();
  });
});
