// A whole agent whose machine is started again in the middle of a plan.
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { asPlanId } from '../../../shared/model/ids.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { AgentInMemory } from '../../support/agent-in-memory.ts';
import { aPlan, aStep, START_MS } from '../../support/signed-plans.ts';

const issuer = {
  name: [{ CN: ['fleet CA'] }],
  key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
};

async function until(clock: FakeClock, what: () => boolean): Promise<void> {
  for (let turn = 0; turn < 600 && !what(); turn += 1) await clock.advance(100);
  expect(what()).toBe(true);
}

/** Its plan has begun a step that does not end. */
async function aWorkingAgent() {
  const clock = new FakeClock();
  const agent = await AgentInMemory.create({ name: 'w1', number: 1, clock, issuer });
  const step = aStep('w', {
    kind: 'wait-node-ready',
    args: { node: 'w1' },
    effect: 'read',
    timeoutSeconds: 3_600,
  });
  agent.link.plans.push(
    aPlan({
      nodeId: agent.identity.nodeId,
      planId: asPlanId('p1'),
      factsDigest: agent.factsDigest,
      stages: [{ title: 'one', steps: [step] }],
    }),
  );
  const begun = (): number => agent.records().filter(({ event }) => event === 'step-intent').length;
  agent.start();
  await until(clock, () => begun() === 1);
  agent.link.plans.splice(0);
  agent.stop();
  await clock.advance(1_000);
  const waiting = (): readonly string[] => agent.link.polls.at(-1)?.lanes[0]?.waiting ?? [];
  return { clock, agent, begun, waiting };
}

test('begins nothing after a reboot, says that it waits, and goes on with the signed word alone', async () => {
  const { clock, agent, begun, waiting } = await aWorkingAgent();
  agent.bootId = 'boot-2';
  agent.start();
  await until(clock, () => waiting().includes('p1'));
  await clock.advance(30_000);
  expect(begun()).toBe(1);
  // For another plan it is no word.
  agent.link.answer = { ...agent.link.answer, goOn: ['p2'] };
  agent.link.ring();
  await clock.advance(10_000);
  expect(begun()).toBe(1);
  agent.link.answer = { ...agent.link.answer, goOn: ['p1'] };
  agent.link.ring();
  await until(clock, () => begun() === 2);
  agent.link.ring();
  await until(clock, () => waiting().length === 0);
  agent.stop();
});

test.each([
  ['half of a file', '{"payload'],
  ['no envelope', '[]'],
  ['another plan', '{"payloadType":"x","payload":"e30=","signatures":[]}'],
])('a plan of which %s is left is told to be lost, and the agent works on', async (_what, left) => {
  const { clock, agent, begun } = await aWorkingAgent();
  await agent.disk.replace('/state/plans/p1.json', left);
  agent.start();
  await until(clock, () => agent.records().some(({ event }) => event === 'plan-finished'));
  expect(agent.records().at(-1)).toMatchObject({
    state: 'failed',
    error: { retryable: true, message: expect.stringContaining('lost or damaged') },
  });
  expect(begun()).toBe(1);
  agent.stop();
});

test('goes on by itself when only the agent was started again', async () => {
  const { clock, agent, begun, waiting } = await aWorkingAgent();
  agent.start();
  await until(clock, () => begun() === 2);
  expect(waiting()).toEqual([]);
  agent.stop();
});

test('a plan that ran out while the agent was away waits for the word too', async () => {
  const { clock, agent, begun, waiting } = await aWorkingAgent();
  agent.link.answer = { ...agent.link.answer, timeMs: START_MS + 3_600_000 };
  await clock.advance(3_600_000);
  agent.start();
  await until(clock, () => waiting().includes('p1'));
  expect(begun()).toBe(1);
  agent.link.answer = { ...agent.link.answer, stop: ['p1'] };
  agent.link.ring();
  await until(clock, () => agent.records().some(({ event }) => event === 'plan-finished'));
  expect(begun()).toBe(1);
  agent.stop();
});
