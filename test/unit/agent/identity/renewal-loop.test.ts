import { generateKeyPairSync } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { createRenewalLoop } from '../../../../agent/identity/renewal-loop.ts';
import type { Issuer } from '../../../../coordinator/keys/certificate.ts';
import { AppError } from '../../../../shared/errors.ts';
import { type Logger, silentLogger } from '../../../../shared/log.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { FakeDisk } from '../../../fakes/state-disk.ts';
import { AgentInMemory } from '../../../support/agent-in-memory.ts';

const issuer: Issuer = {
  name: [{ CN: ['fleet CA'] }],
  key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
};

async function aLoop() {
  const clock = new FakeClock();
  const agent = await AgentInMemory.create({ name: 'w1', number: 1, clock, issuer });
  const disk = new FakeDisk();
  await disk.makeDirectory('/identity');
  const ending = new AbortController();
  const asked: number[] = [];
  const lines: string[] = [];
  const keep = (fields: object): void => void lines.push(JSON.stringify(fields));
  const log: Logger = { ...silentLogger, warn: keep };
  const loop = createRenewalLoop({
    identity: () => agent.identity,
    link: () => agent.link,
    onRenewed: () => {},
    comeBack: async () => {
      asked.push(clock.boot());
      throw new AppError('refused', 'w1 needs an approval');
    },
    folder: { disk, directory: '/identity' },
    signedNow: () => clock.now(),
    clock,
    log,
    signal: ending.signal,
  });
  const running = loop.run().catch(() => undefined);
  onTestFinished(async () => {
    ending.abort();
    await running;
  });
  return { loop, clock, asked, lines };
}

test('a host whose certificate is not taken any more asks to come back at once, then once a minute, for ever', async () => {
  const { loop, clock, asked, lines } = await aLoop();
  await clock.advance(1_000);
  for (let minute = 0; minute < 10; minute += 1) {
    for (let poll = 0; poll < 4; poll += 1) {
      loop.notKnown();
      await clock.advance(15_000);
    }
  }
  expect(asked[0]).toBeLessThan(2_000);
  expect(asked.length).toBeGreaterThanOrEqual(9);
  expect(asked.length).toBeLessThanOrEqual(11);
  expect(lines).toEqual(['{"why":"w1 needs an approval"}']);
});

test('a host that the coordinator knows asks for nothing before half of its certificate’s life', async () => {
  const { clock, asked } = await aLoop();
  await clock.advance(3_600_000);
  expect(asked).toEqual([]);
});
