// The real agent process against the real coordinator: joins with a real token, does a plan that the
// coordinator signed, and tells how it went. Bad input gives one clear sentence and an exit code.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keys, type PlanRecord } from '../../coordinator/store/records.ts';
import { asStepId } from '../../shared/model/ids.ts';
import type { Step } from '../../shared/model/step.ts';
import { AgentProcess } from '../support/agent-process.ts';
import {
  startTestCoordinator,
  type TestCoordinator,
  type TestCoordinatorOptions,
} from '../support/coordinator.ts';
import { aDraft, aGoalKey, issuesOnce } from '../support/plan-builders.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

async function aCoordinator(options: TestCoordinatorOptions = {}): Promise<TestCoordinator> {
  const coordinator = await startTestCoordinator(options);
  onTestFinished(() => coordinator.stop());
  return coordinator;
}

async function anAgent(
  coordinator: { readonly grpcPort: number },
  token: string,
): Promise<AgentProcess> {
  const agent = await AgentProcess.create({
    coordinators: [`127.0.0.1:${coordinator.grpcPort}`],
    token,
  });
  onTestFinished(() => agent.remove());
  return agent;
}

const fileStep = (id: string, path: string): Step => ({
  id: asStepId(id),
  kind: 'write-file',
  args: { path, content: id, mode: 0o644 },
  timeoutSeconds: 30,
  effect: 'change',
  onStop: 'finish',
  beginWithinSeconds: null,
});

async function plansOf(coordinator: TestCoordinator): Promise<readonly PlanRecord[]> {
  return (await coordinator.store.range<PlanRecord>(keys.plans)).map(({ value }) => value);
}

const join2 = (agent: AgentProcess, ...more: readonly string[]): Promise<number | null> =>
  agent.start('join', '--token-file', join(agent.configDirectory, 'join-token'), ...more).end();

test('joins with a token, does the signed plan, reports every step; a second plan follows the first', async () => {
  const made = await temporaryDirectory();
  const stages = [
    {
      title: 'files',
      steps: [fileStep('one', join(made, 'one')), fileStep('two', join(made, 'two'))],
    },
  ];
  const coordinator = await aCoordinator({
    decide: (view, now) => {
      const first = issuesOnce((node) => aDraft(node, { stages }))(view, now);
      const isDone = view.nodes.some((node) => node.plans.some(({ state }) => state === 'done'));
      if (!isDone) return first;
      return issuesOnce((node) =>
        aDraft(node, { stages, goalKey: aGoalKey('prepare', 'again'), goal: 'again' }),
      )(view, now);
    },
  });
  const agent = await anAgent(coordinator, await coordinator.token());
  agent.start();
  await expect
    .poll(async () => (await plansOf(coordinator)).map(({ state }) => state))
    .toEqual(['done', 'done']);
  const plans = [...(await plansOf(coordinator))].sort((a, b) => a.sequence - b.sequence);
  expect(plans.map(({ changedSteps }) => changedSteps)).toEqual([2, 0]);
  expect(plans[0]?.steps.map(({ state }) => state)).toEqual(['changed', 'changed']);
  expect(plans[1]?.steps.map(({ state }) => state)).toEqual(['satisfied', 'satisfied']);
  expect(await readFile(join(made, 'two'), 'utf8')).toBe('two');
});

test('join is idempotent, says who the host is now, and removes the token', async () => {
  const coordinator = await aCoordinator();
  const token = await coordinator.token();
  const agent = await anAgent(coordinator, token);
  expect(await join2(agent)).toBe(0);
  expect(agent.text()).toMatch(
    /joined fleet f\w+ as node [0-9a-f]{16} of pool workers in cluster lab/,
  );
  expect(await join2(agent)).toBe(2);
  await agent.putToken(token);
  expect(await join2(agent)).toBe(0);
  expect((await coordinator.audit()).filter(({ event }) => event === 'joined')).toHaveLength(1);
});

test('a used-up token and a made-up one are refused alike: exit 3, one sentence, nothing kept', async () => {
  const coordinator = await aCoordinator();
  const token = await coordinator.token();
  const first = await anAgent(coordinator, token);
  expect(await join2(first)).toBe(0);
  const second = await anAgent(coordinator, token);
  expect(await join2(second)).toBe(3);
  const [id = '', , pin, keySet] = token.split('.');
  const third = await anAgent(coordinator, [id, 'A'.repeat(43), pin, keySet].join('.'));
  expect(await join2(third)).toBe(3);
  const sentence = (agent: AgentProcess): string =>
    (agent.lines.find((line) => line.startsWith('muster-agent:')) ?? '').replace(/:\d+ /, ' ');
  expect(sentence(second)).toContain('token create');
  expect(sentence(third)).toBe(sentence(second));
  await expect(readFile(join(second.stateDirectory, 'identity/identity.json'))).rejects.toThrow(
    /ENOENT/,
  );
});

test('a wrong pin, a broken token and missing arguments each have their exit code', async () => {
  const coordinator = await aCoordinator();
  const token = await coordinator.token();
  const [id, secret, , keySet] = token.split('.');
  const wrongPin = await anAgent(coordinator, [id, secret, 'A'.repeat(43), keySet].join('.'));
  expect(await join2(wrongPin)).toBe(3);
  expect(wrongPin.text()).toContain('nothing was sent');
  expect(wrongPin.text()).not.toContain(secret);
  const broken = await anAgent(coordinator, 'not-a-token');
  expect(await join2(broken)).toBe(2);
  expect(await broken.start('join').end()).toBe(2);
  expect(await broken.start('dance').end()).toBe(2);
  await writeFile(join(broken.configDirectory, 'agent.json'), '{"coordinators": "x", "port": 1}');
  expect(await broken.start('run').end()).toBe(2);
  expect(broken.text()).toContain('unknown field port');
  expect(broken.text()).toContain('coordinators must be a list');
});
