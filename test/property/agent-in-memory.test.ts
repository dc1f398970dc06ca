// A whole agent in this process, whose machine loses its power at any moment: its plan ends, each file
// is there, and it was accepted once.
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Issuer } from '../../coordinator/keys/certificate.ts';
import { asPlanId } from '../../shared/model/ids.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeDisk } from '../fakes/state-disk.ts';
import { AgentInMemory } from '../support/agent-in-memory.ts';
import { aPlan, aStep } from '../support/signed-plans.ts';

const issuer: Issuer = {
  name: [{ CN: ['fleet CA'] }],
  key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
};

const file = (id: string) => aStep(id, { args: { path: `/made/${id}`, content: id, mode: 0o600 } });

function planFor(agent: AgentInMemory) {
  return aPlan({
    nodeId: agent.identity.nodeId,
    planId: asPlanId('p1'),
    factsDigest: agent.factsDigest,
    stages: ['a', 'b', 'c'].map((stage) => ({
      title: stage,
      steps: [file(`${stage}-1`), file(`${stage}-2`)],
    })),
  });
}

const hasEnded = (agent: AgentInMemory): boolean =>
  agent.records().some(({ event }) => event === 'plan-finished');

/** Runs the world until it is so, or for ten minutes of its time. */
async function until(clock: FakeClock, what: () => boolean): Promise<boolean> {
  const ends = clock.boot() + 600_000;
  while (!what() && clock.boot() < ends) await clock.advance(100);
  return what();
}

interface Cut {
  readonly calls: number;
  readonly share: number;
}

/** A disk that tells when so many calls were made of it. */
function countingDisk(left: FakeDisk, calls: number): { disk: FakeDisk; isDue: () => boolean } {
  let count = 0;
  const delay = async (): Promise<void> => {
    count += 1;
    if (count >= calls) await new Promise<never>(() => undefined);
  };
  return { disk: new FakeDisk({ delay }, left), isDue: () => count >= calls };
}

async function live(clock: FakeClock, agent: AgentInMemory, cuts: readonly Cut[]): Promise<void> {
  for (const { calls, share } of cuts) {
    const { disk, isDue } = countingDisk(agent.disk, calls);
    agent.disk = disk;
    agent.start();
    await until(clock, () => isDue() || hasEnded(agent));
    agent.cutPower(() => share);
  }
  agent.start();
  expect(await until(clock, () => hasEnded(agent))).toBe(true);
  agent.stop();
}

const cut = fc.record({
  calls: fc.integer({ min: 1, max: 40 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});

test('an agent whose power goes again and again ends its plan, each step done', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(cut, { maxLength: 5 }), async (cuts) => {
      const clock = new FakeClock();
      const agent = await AgentInMemory.create({ name: 'w1', number: 1, clock, issuer });
      agent.link.plans.push(planFor(agent));
      await live(clock, agent, cuts);
      const ends = agent.records().filter(({ event }) => event === 'plan-finished');
      expect(ends).toMatchObject([{ planId: 'p1', state: 'done', error: null }]);
      const accepted = agent.records().filter(({ event }) => event === 'plan-accepted');
      expect(accepted).toHaveLength(1);
      for (const id of ['a-1', 'a-2', 'b-1', 'b-2', 'c-1', 'c-2'])
        expect(agent.host.text(`/made/${id}`)).toBe(id);
    }),
    { numRuns: 25 },
  );
});
