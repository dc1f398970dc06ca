// Who may call what, against a real coordinator on the loopback.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { issueLeaf } from '../../../../coordinator/keys/certificate.ts';
import { dataPaths } from '../../../../coordinator/keys/paths.ts';
import { keys, type NodeRecord } from '../../../../coordinator/store/records.ts';
import { update } from '../../../../coordinator/store/store.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { AppError } from '../../../../shared/errors.ts';
import { createClient, openChannel } from '../../../../shared/rpc/client.ts';
import { jsonToWire } from '../../../../shared/rpc/codec.ts';
import type { FleetDefinition } from '../../../../shared/rpc/generated/muster/v1/Fleet.ts';
import type { OperatorDefinition } from '../../../../shared/rpc/generated/muster/v1/Operator.ts';
import { services } from '../../../../shared/rpc/load.ts';
import { clientCredentials, fixedServerName } from '../../../../shared/rpc/tls.ts';
import { aFacts } from '../../../support/cluster-builders.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import {
  newNodeKeys,
  openMemberChannel,
  openNode,
  type TestNode,
} from '../../../support/test-node.ts';

let coordinator: TestCoordinator;
const others: TestCoordinator[] = [];
afterEach(async () => {
  for (const other of others.splice(0)) await other.stop();
  await coordinator.stop();
});

const call = { timeoutMs: 30_000 };

const setNodeState = (node: TestNode, state: NodeRecord['state']): Promise<unknown> =>
  update<NodeRecord>(coordinator.store, keys.node(node.nodeId), (record) =>
    record === null ? null : { ...record, state },
  );

/** A certificate by this fleet's own CA, with whatever a test wants in it. */
async function certificateFor(options: {
  readonly unit: string;
  readonly name?: string;
  readonly organization?: string;
  readonly now?: number;
}) {
  const own = newNodeKeys();
  const caPem = await readFile(dataPaths(coordinator.dataDir).fleetCaCertificate, 'utf8');
  const key = createPrivateKey(await readFile(dataPaths(coordinator.dataDir).fleetCaKey, 'utf8'));
  const subject = new X509Certificate(caPem).subject.replace('CN=', '');
  const leaf = await issueLeaf(
    { name: [{ CN: [subject] }], key },
    {
      subject: [
        { CN: [options.name ?? own.nodeId] },
        { OU: [options.unit] },
        ...(options.organization === undefined ? [] : [{ O: [options.organization] }]),
      ],
      publicKey: own.spki,
      names: [],
      usages: ['client'],
      lifetimeMs: 60_000,
      now: options.now ?? Date.now(),
    },
  );
  return { keys: own, chainPem: leaf + caPem };
}

describe('who may call', () => {
  const everyCall = (client: TestNode['fleet']): readonly (() => Promise<unknown>)[] => [
    () => client.ReportFacts({ facts: jsonToWire(aFacts('w1', '192.168.7.1')) }, call),
    () => client.PullPlan({ instanceId: 'i', poll: 1, nonce: Buffer.alloc(16) }, call),
    () => client.ReportProgress({ journalId: 'j', offset: 0, records: [] }, call),
    () =>
      client.SignCertificate(
        { planId: 'p', stepId: 's', profile: 'etcd-peer', csr: Buffer.alloc(1) },
        call,
      ),
    () => client.Renew({ csr: Buffer.alloc(1), counter: 1 }, call),
  ];

  it('is nobody without a certificate, on any call of Fleet and Operator', async () => {
    coordinator = await startTestCoordinator();
    const channel = openChannel({
      address: `127.0.0.1:${String(coordinator.grpcPort)}`,
      credentials: clientCredentials(coordinator.caPem, null),
      options: fixedServerName,
    });
    const client = createClient<FleetDefinition>(services.fleet, channel);
    for (const attempt of everyCall(client)) {
      expect((await failureOf(attempt())).code).toBe('unauthenticated');
    }
    const operator = createClient<OperatorDefinition>(services.operator, channel);
    for (const name of Object.keys(services.operator) as (keyof typeof operator)[]) {
      const error = await failureOf(operator[name]({}, call));
      expect([name, error.code]).toEqual([name, 'unauthenticated']);
    }
    channel.close();
  });

  it('is nobody with the certificate of another fleet', async () => {
    coordinator = await startTestCoordinator();
    const other = await startTestCoordinator();
    others.push(other);
    const theirs = await other.join({ name: 'w1', number: 1 });
    const stranger = openNode(coordinator, { ...theirs, keySet: await other.keySet() });
    for (const attempt of everyCall(stranger.fleet)) {
      expect((await failureOf(attempt())).code).toBe('unauthenticated');
    }
    stranger.close();
    expect((await coordinator.audit()).some((line) => line.event === 'call-refused')).toBe(true);
  });

  it.each(['evicted', 'banned', 'locked', 'retired'] as const)(
    'is nobody once it is %s, on any call',
    async (state) => {
      coordinator = await startTestCoordinator();
      const node = await coordinator.join({ name: 'w1', number: 1 });
      await node.poll();
      await setNodeState(node, state);
      for (const attempt of everyCall(node.fleet)) {
        const error = await failureOf(attempt());
        expect(error.code).toBe('permission-denied');
        expect(error.message).toContain(`w1 (${node.nodeId}) is ${state}`);
      }
    },
  );

  it('is nobody any more when the certificate expires while the connection is open', async () => {
    let skipMs = 0;
    const clock = { ...systemClock, now: () => Date.now() + skipMs };
    coordinator = await startTestCoordinator({ clock });
    const node = await coordinator.join({ name: 'w1', number: 1 });
    await node.poll();
    skipMs = 24 * 3600 * 1000 + 1000;
    const error = await failureOf(node.poll());
    expect([error.code, error.message]).toEqual([
      'unauthenticated',
      expect.stringContaining('expired at'),
    ]);
  });

  it('is not an operator with a node’s certificate, nor a node with an operator’s', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const channel = openMemberChannel(coordinator, node);
    const operator = createClient<OperatorDefinition>(services.operator, channel);
    expect((await failureOf(operator.Version({}, call))).code).toBe('unauthenticated');
    channel.close();

    const identity = await certificateFor({ unit: 'muster:operator', name: 'ann' });
    const asNode = openNode(coordinator, {
      ...identity,
      name: 'ann',
      keySet: await coordinator.keySet(),
    });
    for (const attempt of everyCall(asNode.fleet)) {
      expect((await failureOf(attempt())).code).toBe('unauthenticated');
    }
    asNode.close();
  });

  it('is an operator with an operator’s certificate: all for admins, reading for viewers', async () => {
    coordinator = await startTestCoordinator();
    for (const [role, expected] of [
      ['admin', null],
      ['viewer', 'permission-denied'],
    ] as const) {
      const identity = await certificateFor({
        unit: 'muster:operator',
        name: 'ann',
        organization: `muster:${role}`,
      });
      const channel = openMemberChannel(coordinator, identity);
      const operator = createClient<OperatorDefinition>(services.operator, channel);
      expect((await operator.Version({}, call)).fleet).toBe(coordinator.fleet);
      const mint = operator.CreateToken({ pool: 'workers', ttlSeconds: 60, uses: 1 }, call);
      expect(
        await mint.then(
          () => null,
          (error: AppError) => error.code,
        ),
      ).toBe(expected);
      channel.close();
    }
  });

  it('is nobody with an operator’s certificate of a role that is not known', async () => {
    coordinator = await startTestCoordinator();
    for (const role of [{ organization: 'muster:owner' }, {}]) {
      const identity = await certificateFor({ unit: 'muster:operator', name: 'ann', ...role });
      const channel = openMemberChannel(coordinator, identity);
      const operator = createClient<OperatorDefinition>(services.operator, channel);
      expect(await failureOf(operator.Version({}, call))).toMatchObject({
        code: 'unauthenticated',
        message: expect.stringContaining('names no role that is known here'),
      });
      channel.close();
    }
  });

  it('cannot be a certificate that names another node than its key', async () => {
    coordinator = await startTestCoordinator();
    const victim = await coordinator.join({ name: 'w1', number: 1 });
    const identity = await certificateFor({ unit: 'muster:node', name: victim.nodeId });
    const forged = openNode(coordinator, {
      ...identity,
      name: 'w1',
      keySet: await coordinator.keySet(),
    });
    expect((await failureOf(forged.poll())).message).toContain('names another node than its key');
    forged.close();
  });
});
