// The real agent process against a small fleet server: joins, works, is killed at seeded moments,
// and every step is done once and told once.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { asPlanId } from '../../shared/model/ids.ts';
import type { Plan } from '../../shared/model/plan.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { FleetServer } from '../support/fleet-server.ts';
import { aPlan, aStep, signedPlan } from '../support/signed-plans.ts';

async function anAgent(server: FleetServer): Promise<AgentProcess> {
  const agent = await AgentProcess.create({
    coordinators: [server.address],
    token: server.token(),
  });
  onTestFinished(async () => {
    await agent.remove();
    await server.close();
  });
  return agent;
}

let number = 0;

/** For the node that polled last, from its facts. */
function planFor(server: FleetServer, nodeId: string, changes: Partial<Plan>): Plan {
  number += 1;
  return aPlan({
    nodeId,
    planId: asPlanId(`p${number}`),
    sequence: number,
    factsDigest: server.factsDigest,
    notBeforeMs: Date.now() - 60_000,
    expiresMs: Date.now() + 3_600_000,
    ...changes,
  });
}

async function nodeIdOf(agent: AgentProcess): Promise<string> {
  const text = await readFile(join(agent.stateDirectory, 'identity/identity.json'), 'utf8');
  return (JSON.parse(text) as { nodeId: string }).nodeId;
}

const file = (agent: AgentProcess, id: string): string => join(agent.directory, 'made', id);

function fileSteps(agent: AgentProcess, stages: number, width: number): Plan['stages'] {
  return Array.from({ length: stages }, (_, stage) => ({
    title: `stage ${stage}`,
    steps: Array.from({ length: width }, (__, step) => {
      const id = `s${stage}-${step}`;
      // The first stage makes what the last one takes away.
      if (stage === stages - 1) {
        return aStep(id, { kind: 'remove-path', args: { path: file(agent, `s0-${step}`) } });
      }
      return aStep(id, { args: { path: file(agent, id), content: id.repeat(2_000), mode: 0o600 } });
    }),
  }));
}

const ended = (server: FleetServer, planId: string): JournalRecord | undefined =>
  server.records().find((record) => record.event === 'plan-finished' && record.planId === planId);

/** Small, seeded, and good enough to choose moments. */
function sequenceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const seed = Number(process.env['MUSTER_KILL_SEED'] ?? 20_261_121);
const lives = 8;

test(`killed at ${lives} seeded moments (seed ${seed}), the plan ends and every step was done once`, async () => {
  const server = await FleetServer.start();
  const agent = await anAgent(server);
  const random = sequenceOf(seed);
  agent.start();
  await server.until(() => server.polls.length > 0, 30_000);
  const plan = planFor(server, await nodeIdOf(agent), { stages: fileSteps(agent, 12, 4) });
  server.issue(plan);
  for (let life = 0; life < lives; life += 1) {
    const target = server.records().length + 1 + Math.floor(random() * 12);
    const extraMs = random() * 15;
    await server.until(
      () => server.records().length >= target || ended(server, plan.planId) !== undefined,
      60_000,
    );
    await new Promise((resolve) => setTimeout(resolve, extraMs));
    await agent.kill();
    agent.start();
  }
  await server.until(() => ended(server, plan.planId) !== undefined, 60_000);
  expect(ended(server, plan.planId)).toMatchObject({ state: 'done', error: null });
  const records = server.records();
  const changed = new Map<string, number>();
  for (const record of records) {
    if (record.event !== 'step-outcome') continue;
    expect(['satisfied', 'changed']).toContain(record.result);
    if (record.result === 'changed')
      changed.set(record.stepId, (changed.get(record.stepId) ?? 0) + 1);
  }
  expect([...changed.values()].every((count) => count === 1)).toBe(true);
  for (const { id } of plan.stages.flatMap(({ steps }) => steps)) {
    const outcomes = records.filter(
      (record) => record.event === 'step-outcome' && record.stepId === id,
    );
    expect(outcomes).toHaveLength(1);
  }
  expect(await readFile(file(agent, 's5-2'), 'utf8')).toBe('s5-2'.repeat(2_000));
  await expect(stat(file(agent, 's0-0'))).rejects.toThrow(/ENOENT/);
  expect(server.journals.size).toBe(1);
  expect(records.filter(({ event }) => event === 'plan-accepted')).toHaveLength(1);
  await expect(stat(join(agent.configDirectory, 'join-token'))).rejects.toThrow(/ENOENT/);
  expect(server.joins).toHaveLength(1);
});

test('a second agent of the same folder does not start; SIGTERM ends the first with 0', async () => {
  const server = await FleetServer.start();
  const agent = await anAgent(server);
  agent.start();
  await server.until(() => server.polls.length > 0, 30_000);
  const second = agent.twin().start();
  onTestFinished(() => second.kill().then(() => undefined));
  expect(await second.end()).toBe(6);
  expect(second.text()).toContain('another agent already works');
  expect(await agent.kill('SIGTERM')).toBe(0);
});

test('the agent refuses what is not signed for it and says why, and keeps working', async () => {
  const server = await FleetServer.start();
  const agent = await anAgent(server);
  agent.start();
  await server.until(() => server.polls.length > 0, 30_000);
  const nodeId = await nodeIdOf(agent);
  const stages = fileSteps(agent, 2, 1);
  server.issue(planFor(server, 'bbbbbbbbbbbbbbbb', { stages }));
  server.issue(planFor(server, nodeId, { stages, expiresMs: Date.now() - 1 }));
  server.issue(planFor(server, nodeId, { stages, factsDigest: 'other' }));
  const reasons = (): string[] =>
    server.records().flatMap((record) => (record.event === 'plan-refused' ? [record.reason] : []));
  await server.until(() => reasons().length >= 3);
  expect(reasons().sort()).toEqual(['expired', 'facts-changed', 'wrong-node']);
  const good = planFor(server, nodeId, { stages });
  server.issue(good);
  await server.until(() => ended(server, good.planId) !== undefined);
  expect(ended(server, good.planId)).toMatchObject({ state: 'done', changedSteps: 2 });

  const stored = join(agent.stateDirectory, 'plans', `${good.planId}.json`);
  const right = agent.twin().start('plan', 'verify', stored);
  expect(await right.end()).toBe(0);
  expect(JSON.parse(right.text())).toMatchObject({ planId: good.planId });
  const envelope = JSON.parse(await readFile(stored, 'utf8')) as { payload: string };
  const payload = Buffer.from(envelope.payload, 'base64').toString().replace('prepare', 'ruin');
  const forged = join(agent.directory, 'forged.json');
  const content = { ...envelope, payload: Buffer.from(payload).toString('base64') };
  await writeFile(forged, JSON.stringify(content));
  const wrong = agent.twin().start('plan', 'verify', forged);
  expect(await wrong.end()).toBe(3);
  expect(wrong.text()).toContain('bad-signature');
});

test('a stop that names a plan is final, also before it was accepted', async () => {
  const server = await FleetServer.start();
  const agent = await anAgent(server);
  agent.start();
  await server.until(() => server.polls.length > 0, 30_000);
  const plan = planFor(server, await nodeIdOf(agent), { stages: fileSteps(agent, 2, 1) });
  server.stop.push(plan.planId);
  server.issue(plan);
  await server.until(() => ended(server, plan.planId) !== undefined);
  expect(ended(server, plan.planId)).toMatchObject({ state: 'stopped' });
  await expect(stat(file(agent, 's0-0'))).rejects.toThrow(/ENOENT/);
});

test('a damaged journal is told at every poll, until it is set aside on the host', async () => {
  const server = await FleetServer.start();
  const agent = await anAgent(server);
  agent.start();
  await server.until(() => server.polls.length > 0, 30_000);
  const nodeId = await nodeIdOf(agent);
  const old = planFor(server, nodeId, { stages: fileSteps(agent, 3, 1) });
  server.issue(old);
  await server.until(() => ended(server, old.planId) !== undefined);
  await agent.kill();

  const segment = join(agent.stateDirectory, 'journal/000000000000.log');
  const bytes = await readFile(segment);
  bytes.fill(0xff, 300, 364);
  await writeFile(segment, bytes);
  const before = server.polls.length;
  agent.start();
  await server.until(() => server.polls.length > before + 1, 30_000);
  expect(server.polls.at(-1)?.trouble).toMatchObject({
    code: 'journal-corrupt',
    sentence: expect.stringContaining('muster-agent journal show'),
  });
  const tooEarly = agent.twin().start('journal', 'go-on', '--yes');
  expect(await tooEarly.end()).toBe(6);
  expect(tooEarly.text()).toContain('systemctl stop muster-agent');
  await agent.kill('SIGTERM');

  const shown = agent.twin().start('journal', 'show');
  expect(await shown.end()).toBe(0);
  expect(shown.text()).toContain('damaged: no step begins on this host');
  const goesOn = agent.twin().start('journal', 'go-on', '--yes');
  expect(await goesOn.end()).toBe(0);

  const since = server.polls.length;
  agent.start();
  await server.until(() => server.polls.length > since, 30_000);
  expect(server.polls.at(-1)?.trouble).toBeNull();
  server.rawEnvelopes.push(signedPlan(old, server.keys.plan));
  server.ring();
  const next = planFor(server, nodeId, { stages: fileSteps(agent, 2, 1) });
  server.issue(next);
  await server.until(() => ended(server, next.planId) !== undefined);
  const taken = server.records().filter(({ event }) => event === 'plan-accepted');
  expect(taken.map(({ planId }) => planId)).toEqual([old.planId, next.planId]);
});

test('an evicted host keeps asking, loses nothing, and says so', async () => {
  const server = await FleetServer.start();
  const agent = await anAgent(server);
  server.spoil.set('PullPlan', () => {
    throw new AppError('permission-denied', 'this node was evicted');
  });
  agent.start();
  await expect.poll(() => agent.text()).toContain('this node was evicted');
  expect(agent.text()).toContain('begins nothing new and keeps asking');
  expect(await nodeIdOf(agent)).toMatch(/^[0-9a-f]{16}$/);
});

test('an answer by another key is no answer', async () => {
  const server = await FleetServer.start();
  const agent = await anAgent(server);
  const other = await FleetServer.start();
  onTestFinished(() => other.close());
  server.spoil.set('PullPlan', (reply) => ({
    ...reply,
    answer: { ...(reply as { answer: object }).answer, signatures: [] },
  }));
  agent.start();
  await expect.poll(() => agent.text()).toContain('no signature by a control key');
});
