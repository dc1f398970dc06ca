// ReportProgress and ReportFacts against a real coordinator on the loopback.
import { afterEach, describe, expect, it } from 'vitest';
import { type FactsRecord, keys } from '../../../../../coordinator/store/records.ts';
import type { AppError } from '../../../../../shared/errors.ts';
import { asPlanId, asStepId, type PlanId } from '../../../../../shared/model/ids.ts';
import type { JournalRecord } from '../../../../../shared/model/progress.ts';
import type { Step } from '../../../../../shared/model/step.ts';
import { jsonToWire } from '../../../../../shared/rpc/codec.ts';
import { aFacts } from '../../../../support/cluster-builders.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../../support/coordinator.ts';
import { failureOf } from '../../../../support/expected-failure.ts';
import {
  acceptedRecord,
  finishedRecord,
  intentRecord,
  outcomeRecord,
} from '../../../../support/journal-records.ts';
import { aDraft, aStep, issuesOnce } from '../../../../support/plan-builders.ts';
import { openNode, type TestNode } from '../../../../support/test-node.ts';

let coordinator: TestCoordinator;
afterEach(async () => {
  await coordinator.stop();
});

const call = { timeoutMs: 30_000 };

const at = { atMs: 1_800_000_000_000 };

describe('a report', () => {
  const nodeWithPlan = async (
    name = 'w1',
    number = 1,
  ): Promise<{ node: TestNode; planId: PlanId }> => {
    const node = await coordinator.join({ name, number });
    const { plans } = await node.poll({ holdMs: 20_000 });
    return { node, planId: asPlanId(plans[0]?.planId ?? '') };
  };

  it('moves the plan, is idempotent, and always answers the next offset wanted', async () => {
    coordinator = await startTestCoordinator({ decide: issuesOnce((node) => aDraft(node)) });
    const { node, planId } = await nodeWithPlan();
    const all = [
      acceptedRecord(planId),
      intentRecord(planId, 'one'),
      outcomeRecord(planId, 'one'),
      intentRecord(planId, 'two'),
      outcomeRecord(planId, 'two'),
      finishedRecord(planId),
    ];
    expect(await node.report(0, all.slice(0, 3))).toBe(3);
    expect(await coordinator.plan(planId)).toMatchObject({
      state: 'accepted',
      steps: [
        { stepId: 'one', state: 'changed', outputs: { digest: 'abc' } },
        { stepId: 'two', state: 'pending' },
      ],
    });
    expect(await node.report(0, all.slice(0, 3))).toBe(3);
    // A gap is not taken; what overlaps is.
    expect(await node.report(5, all.slice(5))).toBe(3);
    expect((await coordinator.plan(planId)).state).toBe('accepted');
    expect(await node.report(2, all.slice(2))).toBe(6);
    expect(await coordinator.plan(planId)).toMatchObject({ state: 'done', changedSteps: 2 });
    await coordinator.restart();
    const back = openNode(coordinator, { ...node, keySet: await coordinator.keySet() });
    expect(await back.report(6, [])).toBe(6);
    back.close();
    const events = (await coordinator.audit()).map(({ event }) => event);
    expect(events.filter((event) => event === 'plan-finished')).toHaveLength(1);
    expect(events.filter((event) => event === 'step-outcome')).toHaveLength(2);
  });

  it('cannot be made for another node', async () => {
    coordinator = await startTestCoordinator({ decide: issuesOnce((node) => aDraft(node)) });
    const { node, planId } = await nodeWithPlan();
    const other = await nodeWithPlan('w2', 2);
    expect(await other.node.report(0, [acceptedRecord(planId), finishedRecord(planId)])).toBe(2);
    expect(await coordinator.plan(planId)).toMatchObject({ state: 'issued', nodeId: node.nodeId });
    await other.node.poll({ planIds: [planId] });
    expect((await coordinator.plan(planId)).state).toBe('issued');
    const foreign = (await coordinator.audit()).filter(({ event }) => event === 'foreign-record');
    expect(foreign).toEqual([
      expect.objectContaining({ nodeId: other.node.nodeId, planId, reason: "another node's plan" }),
    ]);
  });

  it('of an output that is not of its step’s kind fails the plan, and keeps nothing of it', async () => {
    const step = aStep('credentials');
    const args = { consumer: 'w1', consumerKey: 'YQ==', server: 'https://a:1', ttlSeconds: 1 };
    const credentials = { ...step, kind: 'create-join-credentials', args: { ...args, files: [] } };
    coordinator = await startTestCoordinator({
      decide: issuesOnce((node) =>
        aDraft(node, { stages: [{ title: 'one', steps: [credentials as unknown as Step] }] }),
      ),
    });
    const { node, planId } = await nodeWithPlan();
    const outcome = {
      ...outcomeRecord(planId, 'credentials'),
      outputs: { sealed: '{"encapsulated":"YQ==","ciphertext":"x\\ny"}', tokenId: 'abcdef' },
    } as JournalRecord;
    await node.report(0, [acceptedRecord(planId), outcome]);
    await node.report(2, [finishedRecord(planId)]);
    expect(await coordinator.plan(planId)).toMatchObject({
      state: 'failed',
      error: { code: 'bad-output', retryable: false },
      steps: [{ state: 'failed', outputs: {} }],
    });
    expect((await coordinator.plan(planId)).error?.message).toMatch(
      /w1 answered 43 characters as sealed of step credentials that are not a sealed secret/,
    );
  });

  it('of a new journal is taken from where it begins, and noted', async () => {
    coordinator = await startTestCoordinator({ decide: issuesOnce((node) => aDraft(node)) });
    const { node, planId } = await nodeWithPlan();
    await node.report(0, [acceptedRecord(planId), intentRecord(planId, 'one')]);
    expect(await node.report(0, [finishedRecord(planId)], 'journal-2')).toBe(1);
    expect((await coordinator.plan(planId)).state).toBe('done');
    expect((await coordinator.audit()).some(({ event }) => event === 'journal-changed')).toBe(true);
  });

  it('that says again what was said is told to nobody, whatever journal it claims to be of', async () => {
    coordinator = await startTestCoordinator({ decide: issuesOnce((node) => aDraft(node)) });
    const { node, planId } = await nodeWithPlan();
    const story = [
      acceptedRecord(planId),
      intentRecord(planId, 'one'),
      outcomeRecord(planId, 'one'),
      { ...at, event: 'plan-stop-received', planId } as JournalRecord,
    ];
    const told = async (): Promise<number> =>
      (await coordinator.operator.Logs({ subject: '', after: 0 }, call)).lines.length;
    await node.report(0, story);
    const lines = await told();
    for (let journal = 2; journal < 40; journal += 1) {
      await node.report(0, [...story, ...story], `journal-${String(journal)}`);
    }
    expect(await told()).toBe(lines);
    const events = (await coordinator.audit()).map(({ event }) => event);
    expect(events.filter((event) => event === 'step-outcome')).toHaveLength(1);
    expect(events.filter((event) => event === 'journal-changed').length).toBeLessThan(30);
  });

  it('of more than a host has to tell is taken a part at a time', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const records = Array.from({ length: 3_100 }, (_, index) =>
      intentRecord(asPlanId(`p${String(index)}`), 'one'),
    );
    expect(await node.report(0, records)).toBe(3_000);
    const rest = records.slice(3_000);
    const next = await node.report(3_000, rest).catch((error: unknown) => error);
    expect(next).toSatisfy((value) =>
      typeof value === 'number' ? value < 3_100 : (value as AppError).code === 'rate-limited',
    );
    const foreign = (await coordinator.audit()).filter(({ event }) => event === 'foreign-record');
    expect(foreign[0]).toMatchObject({ plans: 3_000, planId: 'p0' });
  });

  it('with a record that is not understood is not stuck on it', async () => {
    coordinator = await startTestCoordinator({ decide: issuesOnce((node) => aDraft(node)) });
    const { node, planId } = await nodeWithPlan();
    const reply = await node.fleet.ReportProgress(
      {
        journalId: 'journal-1',
        offset: 0,
        records: [
          Buffer.from('{"event":"from-the-future","planId":"p"}'),
          Buffer.from('junk'),
          jsonToWire(finishedRecord(planId)),
        ],
      },
      call,
    );
    expect(reply.nextOffset).toBe(3);
    expect((await coordinator.plan(planId)).state).toBe('done');
  });

  it('is shown by logs, redacted', async () => {
    coordinator = await startTestCoordinator({ decide: issuesOnce((node) => aDraft(node)) });
    const { node, planId } = await nodeWithPlan();
    const failed: JournalRecord = {
      ...at,
      event: 'step-outcome',
      planId,
      stepId: asStepId('one'),
      attempt: 1,
      result: 'failed',
      durationMs: 5,
      note: null,
      outputs: {},
      error: {
        code: 'exec-failed',
        message: 'kubeadm exited 1',
        command: 'kubeadm join --token abcdef.0123456789abcdef',
        outputTail: 'no route',
        retryable: true,
      },
    };
    await node.report(0, [acceptedRecord(planId), intentRecord(planId, 'one'), failed]);
    const logs = await coordinator.operator.Logs(
      { subject: planId, after: 0, follow: false },
      call,
    );
    const text = logs.lines.map((line) => line.toString('utf8')).join('\n');
    expect(text).toContain('kubeadm exited 1');
    expect(text).toContain('no route');
    expect(text).not.toContain('abcdef.0123456789abcdef');
    expect(JSON.stringify(await coordinator.plan(planId))).not.toContain('abcdef.0123456789abcdef');
    const after = await coordinator.operator.Logs(
      { subject: 'w1', after: logs.next, follow: false },
      call,
    );
    expect(after.lines).toEqual([]);
    // The feed is made again from the plans after a restart.
    await coordinator.restart();
    const again = await coordinator.operator.Logs(
      { subject: planId, after: 0, follow: false },
      call,
    );
    expect(again.lines.map((line) => line.toString('utf8')).join('\n')).toContain(
      'kubeadm exited 1',
    );
  });
});

describe('a host whose clock is wrong', () => {
  it('moves no pause and no expiry of ours: what it tells happened between the issue and now', async () => {
    coordinator = await startTestCoordinator({ decide: issuesOnce((node) => aDraft(node)) });
    for (const [index, atMs] of [0, Date.now() + 365 * 86_400_000].entries()) {
      const node = await coordinator.join({ name: `w${index}`, number: index + 1 });
      const { plans } = await node.poll({ holdMs: 20_000 });
      const planId = asPlanId(plans[0]?.planId ?? '');
      const refusal = { event: 'plan-refused', planId, reason: 'clock', message: 'off' } as const;
      await node.report(0, [{ ...refusal, atMs }]);
      const plan = await coordinator.plan(planId);
      expect(plan.state).toBe('refused');
      expect(plan.finishedMs).toBeGreaterThanOrEqual(plan.issuedMs);
      expect(plan.finishedMs).toBeLessThanOrEqual(Date.now());
    }
  });
});

describe('facts', () => {
  it('with an address that is none are refused: it would end up in other hosts’ configurations', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'm1', number: 1 });
    const evils = [
      '10.0.0.9:6443; } server { listen 0.0.0.0:9999',
      '192.168.7.3%\nExecStartPre=/bin/sh -c id',
      '192.168.7.3%eth0',
      '::1',
    ];
    const good = aFacts('m1', '192.168.7.1');
    const stored = async () =>
      (await coordinator.store.get<FactsRecord>(keys.facts(node.nodeId)))?.revision;
    const before = await stored();
    for (const evil of evils) {
      const address = { interface: 'eth0', address: evil, prefix: 24, family: 'ipv4' };
      const route = { destination: 'default', gateway: null, interface: 'eth0', source: evil };
      for (const [field, change] of [
        ['facts.addresses.0.address', { addresses: [address] }],
        ['facts.routes.0.source', { routes: [route] }],
      ] as const) {
        const facts = jsonToWire({ ...good, memoryBytes: 1, ...change });
        expect(await failureOf(node.fleet.ReportFacts({ facts }, call))).toMatchObject({
          code: 'invalid',
          message: `${field}: not an IPv4 address`,
        });
      }
    }
    // Nothing of such a report is taken.
    expect(await stored()).toBe(before);
  });

  it('of real machines are taken, with names that people made up for show made harmless', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'm1', number: 1 });
    const facts = aFacts('m1', '192.168.7.1', {
      hostname: 'Build_Host.example.org',
      os: { id: 'opensuse-tumbleweed', version: '', pretty: 'openSUSE “Tumbleweed” 2026' },
      kernel: { release: '5.15.167.4-microsoft-standard-WSL2+', config: 'found' },
      swap: {
        devices: ['/swap file'],
        fstabLines: ['UUID=1\tnone\tswap\tsw\t0 0'],
        units: [String.raw`dev-disk-by\x2duuid-1.swap`],
      },
      addresses: [
        { interface: 'eth0.100', address: '192.168.7.1', prefix: 24, family: 'ipv4' },
        { interface: 'eth0:1', address: 'fe80::1', prefix: 64, family: 'ipv6' },
      ],
      dns: { nameservers: ['fe80::1%eth0'], hostnameResolves: true },
      ports: [{ port: 6443, address: '::ffff:10.0.0.1', process: 'evil\u001b[2J`x`' }],
      runtimes: [{ name: 'containerd', version: '1.7.24~ds1', source: '/usr/bin/containerd' }],
      installed: { kubelet: 'unknown' },
    });
    await node.fleet.ReportFacts({ facts: jsonToWire(facts) }, call);
    const record = await coordinator.store.get<FactsRecord>(keys.facts(node.nodeId));
    expect(record?.value.facts.ports).toEqual([
      { port: 6443, address: '::ffff:10.0.0.1', process: 'evil··2J·x·' },
    ]);
    expect(record?.value.facts.swap).toMatchObject({
      fstabLines: ['UUID=1 none swap sw 0 0'],
      units: [String.raw`dev-disk-by\x2duuid-1.swap`],
    });
  });

  it('are stored when they changed in a way that matters, and only then', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const facts = aFacts('w1', '192.168.7.1');
    const report = async (change: object): Promise<number> => {
      await node.fleet.ReportFacts({ facts: jsonToWire({ ...facts, ...change }) }, call);
      return (await coordinator.store.get<FactsRecord>(keys.facts(node.nodeId)))?.revision ?? 0;
    };
    const first = await report({});
    expect(await report({ collectedAtMs: 5, clockSkewMs: 40 })).toBe(first);
    expect(await report({ memoryBytes: 1 })).toBeGreaterThan(first);
  });

  it('of another shape are refused with the field', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const facts = { ...aFacts('w1', '192.168.7.1'), disks: [{ path: 7 }] };
    const error = await failureOf(node.fleet.ReportFacts({ facts: jsonToWire(facts) }, call));
    expect(error).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('facts.disks'),
    });
  });
});
