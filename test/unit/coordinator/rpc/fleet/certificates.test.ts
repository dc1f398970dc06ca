// SignCertificate and Renew against a real coordinator on the loopback.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { FleetDependencies } from '../../../../../coordinator/rpc/fleet/fleet-dependencies.ts';
import { signCertificate } from '../../../../../coordinator/rpc/fleet/sign-certificate.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { asPlanId } from '../../../../../shared/model/ids.ts';
import { createTestRequest } from '../../../../support/certificate-request.ts';
import { aNode, planFrom } from '../../../../support/cluster-builders.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../../support/coordinator.ts';
import { failureOf } from '../../../../support/expected-failure.ts';
import { acceptedRecord, finishedRecord } from '../../../../support/journal-records.ts';
import { aCertificateStep, aDraft, issuesOnce } from '../../../../support/plan-builders.ts';
import { newNodeKeys, requestFor } from '../../../../support/test-node.ts';

let coordinator: TestCoordinator;
afterEach(async () => {
  await coordinator.stop();
});

const call = { timeoutMs: 30_000 };

describe('a certificate', () => {
  const csr = async (): Promise<Buffer> => await requestFor(newNodeKeys());

  const masterWithPlan = async () => {
    coordinator = await startTestCoordinator({
      decide: issuesOnce((node) =>
        aDraft(node, {
          stages: [{ title: 'keys', steps: [aCertificateStep('peer-certificate')] }],
        }),
      ),
    });
    const token = await coordinator.token({ pool: 'control-plane', uses: 3 });
    const node = await coordinator.join({ token, name: 'm1', number: 1 });
    const { plans } = await node.poll({ holdMs: 20_000 });
    const planId = asPlanId(plans[0]?.planId ?? '');
    const good = { planId, stepId: 'peer-certificate', profile: 'etcd-peer' };
    return { node, planId, good, token };
  };

  it('has the names of the plan and the key of the request, from the CA of its profile', async () => {
    const { node, planId, good } = await masterWithPlan();
    await node.poll({ planIds: [planId] });
    const own = newNodeKeys();
    const reply = await node.fleet.SignCertificate({ ...good, csr: await requestFor(own) }, call);
    const leaf = new X509Certificate(reply.certificate);
    const ca = new X509Certificate(reply.ca);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.subject).toBe('CN=m1');
    expect(leaf.subjectAltName).toBe('DNS:m1, IP Address:192.168.7.1');
    expect(leaf.publicKey.export({ format: 'der', type: 'spki' })).toEqual(own.spki);
    expect([...leaf.keyUsage].sort()).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(ca.subject).toContain('lab etcd-peer CA');
    expect(new X509Certificate(coordinator.caPem).verify(ca.publicKey)).toBe(false);
  });

  it('asked for by a plan’s step tells that the plan was accepted', async () => {
    const { node, planId, good } = await masterWithPlan();
    await node.fleet.SignCertificate({ ...good, csr: await csr() }, call);
    expect((await coordinator.plan(planId)).state).toBe('accepted');
  });

  it('is refused for a plan that is stopped in the very moment it is asked for', async () => {
    coordinator = await startTestCoordinator();
    const now = Date.now();
    const caller = aNode('m1', 1);
    const issued = planFrom(aDraft(caller), 1, now);
    const stopped = { ...issued, state: 'stopped' as const };
    const deps = {
      clock: systemClock,
      audit: { append: async () => {} },
      plans: {
        get: async () => issued,
        change: async () => ({ before: stopped, after: stopped }),
        envelope: async () => null,
      },
    } as unknown as FleetDependencies;
    const request = { planId: issued.planId, stepId: 'one', profile: 'etcd-peer' };
    const wire = { ...request, csr: await csr() };
    const error = await failureOf(signCertificate(deps, caller.record, wire));
    expect(error).toMatchObject({
      code: 'permission-denied',
      message: expect.stringContaining('is stopped, not running'),
    });
  });

  it('asked for in a plan of megabytes costs no more than a refusal, and no start after it', async () => {
    const { node, good } = await masterWithPlan();
    const before = (await coordinator.audit()).length;
    for (const field of ['planId', 'stepId', 'profile']) {
      const ask = async (length: number) => {
        const request = { ...good, csr: await csr(), [field]: 'p'.repeat(length) };
        const error = await failureOf(node.fleet.SignCertificate(request, call));
        expect(error.code).toBe('invalid');
        expect(error.message.length).toBeLessThan(500);
        return error.message;
      };
      expect(await ask(2 * 1024 * 1024)).toContain('takes no message so large');
      expect(await ask(1024 * 1024)).toContain('has at most 8192 bytes');
      expect(await ask(4 * 1024)).toContain(field);
    }
    expect((await coordinator.audit()).length).toBe(before);
    await coordinator.restart();
  });

  it('is refused for any other profile, step or plan, and for a plan that is over', async () => {
    const { node, planId, good } = await masterWithPlan();
    await node.report(0, [acceptedRecord(planId)]);
    const ask = async (change: object) =>
      failureOf(node.fleet.SignCertificate({ ...good, csr: await csr(), ...change }, call));
    for (const change of [
      { profile: 'etcd-client' },
      { profile: 'etcd-server' },
      { profile: 'fleet' },
      { stepId: 'another' },
      { planId: 'pnotthere' },
      { planId: '' },
    ]) {
      expect((await ask(change)).code, JSON.stringify(change)).toBe('permission-denied');
    }
    expect((await ask({ csr: Buffer.from('junk') })).code).toBe('invalid');
    expect((await ask({ csr: await requestFor(node.keys) })).message).toContain(
      "the node's own key",
    );
    await node.report(1, [finishedRecord(planId)]);
    expect((await ask({})).message).toContain('is done, not running');
    const refusals = (await coordinator.audit()).filter(
      ({ event }) => event === 'certificate-refused',
    );
    expect(refusals).toHaveLength(8);
  });

  it('is refused to another node that names this node’s plan', async () => {
    const { planId, good, token } = await masterWithPlan();
    const other = await coordinator.join({ token, name: 'm2', number: 2 });
    const error = await failureOf(other.fleet.SignCertificate({ ...good, csr: await csr() }, call));
    expect([error.code, error.message]).toEqual([
      'permission-denied',
      expect.stringContaining(`has no plan ${planId}`),
    ]);
  });

  it('is refused for a key that is not P-256', async () => {
    const { node, good } = await masterWithPlan();
    const algorithm = { name: 'ECDSA', namedCurve: 'P-384' };
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const request = await createTestRequest({
      privateKey: privateKey.toCryptoKey(algorithm, true, ['sign']),
      publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']),
    });
    expect(
      (await failureOf(node.fleet.SignCertificate({ ...good, csr: request }, call))).code,
    ).toBe('invalid');
  });
});

describe('a renewal', () => {
  it('gives a certificate of a day for the same key', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const csr = await requestFor(node.keys);
    const first = await node.fleet.Renew({ csr, counter: 1 }, call);
    expect(first.counter).toBe(2);
    const leaf = new X509Certificate(first.certificateChain[0] ?? '');
    expect(leaf.publicKey.export({ format: 'der', type: 'spki' })).toEqual(node.keys.spki);
  });

  it('is refused for another key', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const csr = await requestFor(newNodeKeys());
    expect((await failureOf(node.fleet.Renew({ csr, counter: 1 }, call))).code).toBe(
      'permission-denied',
    );
  });
});
