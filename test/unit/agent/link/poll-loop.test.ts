import { expect, onTestFinished, test } from 'vitest';
import {
  createPollLoop,
  IDLE_HOLD_MS,
  type PollLoop,
  WORKING_HOLD_MS,
} from '../../../../agent/link/poll-loop.ts';
import { verifyAnswer } from '../../../../agent/plan/verify-answer.ts';
import { AppError } from '../../../../shared/errors.ts';
import { type Logger, silentLogger } from '../../../../shared/log.ts';
import { systemRandom } from '../../../../shared/random.ts';
import { untilAborted } from '../../../../shared/until-aborted.ts';
import { FakeClock, settle } from '../../../fakes/clock.ts';
import { FakeLink } from '../../../fakes/link.ts';
import { newSigningKeys } from '../../../support/signed-plans.ts';

/** @param before what is done to the link before the first poll */
function aLoop(before: (link: FakeLink) => void = () => {}) {
  const keys = newSigningKeys();
  const link = new FakeLink(keys);
  const clock = new FakeClock();
  const ending = new AbortController();
  const lines: string[] = [];
  const keep = (_fields: object, message: string): void => void lines.push(message);
  const log: Logger = { ...silentLogger, info: keep, warn: keep, error: keep };
  const state = { isWorking: false, replies: 0 };
  const loop: PollLoop = createPollLoop({
    link: () => link,
    describe: () => ({
      bootId: 'b',
      factsDigest: 'd',
      lanes: [],
      journalId: 'j',
      journalEnd: 0,
      trouble: null,
      health: null,
      hostTimeMs: clock.now(),
    }),
    isWorking: () => state.isWorking,
    verify: (answer, nonce) =>
      verifyAnswer(answer, {
        keySet: keys.keySet,
        fleet: 'f-1',
        nodeId: 'aaaaaaaaaaaaaaaa',
        nonce,
      }),
    onReply: async () => {
      state.replies += 1;
      return false;
    },
    clock,
    log,
    random: { ...systemRandom, fraction: () => 0.5 },
    signal: ending.signal,
  });
  before(link);
  const running = loop.run();
  onTestFinished(async () => {
    ending.abort();
    await running;
  });
  return { link, clock, loop, lines, state };
}

test('the first poll asks for an answer at once, the next ones are held; numbers grow, nonces differ', async () => {
  const { link, clock, lines } = aLoop();
  await clock.advance(1_000);
  expect(link.polls.map(({ poll, holdMs }) => [poll, holdMs])).toEqual([
    [1, 0],
    [2, IDLE_HOLD_MS],
  ]);
  expect(new Set(link.polls.map(({ nonce }) => Buffer.from(nonce).toString('hex'))).size).toBe(2);
  expect(new Set(link.polls.map(({ instanceId }) => instanceId)).size).toBe(1);
  expect(lines).toEqual(['connected to the coordinator']);
});

test('news before the first answer are no reason to wait for it: it is asked for at once again', async () => {
  const { link, clock, loop, lines } = aLoop((fresh) => {
    const answering = fresh.pullPlan.bind(fresh);
    fresh.pullPlan = async (poll, signal) => {
      fresh.pullPlan = answering;
      fresh.polls.push(poll);
      return await untilAborted(signal, new Promise<never>(() => {}));
    };
  });
  await settle();
  loop.wake();
  await clock.advance(1_000);
  expect(link.polls.map(({ poll, holdMs }) => [poll, holdMs])).toEqual([
    [1, 0],
    [2, 0],
    [3, IDLE_HOLD_MS],
  ]);
  expect(lines).toEqual(['connected to the coordinator']);
});

test('while it works it holds shorter', async () => {
  const { link, clock, state } = aLoop();
  state.isWorking = true;
  await clock.advance(1_000);
  expect(link.polls[1]?.holdMs).toBe(WORKING_HOLD_MS);
});

test('when what it would say has changed it polls again at once', async () => {
  const { link, clock, loop } = aLoop();
  await clock.advance(1_000);
  loop.wake();
  await settle();
  expect(link.polls).toHaveLength(3);
});

test('no answer: it waits longer each time, at most 15 s, and the first poll after it is not held', async () => {
  const { link, clock, lines } = aLoop();
  await clock.advance(1_000);
  const failure = new AppError('unavailable', 'gone', { retryable: true });
  link.failures.push(failure, failure, failure);
  link.ring();
  await clock.advance(10_000);
  expect(lines.filter((line) => line === 'no answer: gone')).toHaveLength(3);
  expect(link.polls[2]?.holdMs).toBe(0);
  expect(lines.at(-1)).toBe('connected to the coordinator');
});

test('a host that is not taken keeps asking slowly', async () => {
  const { link, clock, lines } = aLoop();
  await clock.advance(1_000);
  link.failures.push(new AppError('permission-denied', 'banned'));
  link.ring();
  await clock.advance(10_000);
  expect(lines.at(-1)).toMatch(
    /does not take this host: banned; the agent begins nothing new and keeps asking/,
  );
  expect(link.polls).toHaveLength(2);
  await clock.advance(30_000);
  expect(link.polls.length).toBeGreaterThan(2);
});

test('a host that stays locked out has the reason in its log once, and is back soon after it is let in', async () => {
  const { link, clock, lines } = aLoop();
  await clock.advance(1_000);
  const locked = new AppError('permission-denied', 'w1 is locked');
  link.failures.push(...Array.from({ length: 20 }, () => locked));
  link.ring();
  await clock.advance(15_000 * 19);
  expect(lines.filter((line) => line.includes('w1 is locked'))).toHaveLength(1);
  await clock.advance(40_000);
  expect(lines.at(-1)).toBe('connected to the coordinator');
});

test('an answer for another fleet is a failed poll and reaches nobody', async () => {
  const { link, clock, state, lines } = aLoop();
  await clock.advance(1_000);
  const { replies } = state;
  link.answer = { fleet: 'f-2' };
  link.ring();
  await settle();
  expect(lines.at(-1)).toMatch(/does not count: it is for fleet f-2/);
  expect(state.replies).toBe(replies);
});

test('says once that it is stale when no answer that it can trust has come for five minutes', async () => {
  const { link, clock, lines } = aLoop();
  const stale = () => lines.filter((line) => line.startsWith('stale: ')).length;
  await clock.advance(1_000);
  const failure = new AppError('unavailable', 'nothing comes through', { retryable: true });
  link.failures.push(...Array.from({ length: 500 }, () => failure));
  link.ring();
  await clock.advance(290_000);
  expect(stale()).toBe(0);
  await clock.advance(600_000);
  expect(stale()).toBe(1);
  link.failures.length = 0;
  await clock.advance(60_000);
  expect(lines.at(-1)).toBe('connected to the coordinator');
  // Of another fleet: it comes, and is none.
  link.answer = { fleet: 'f-2' };
  link.ring();
  await clock.advance(600_000);
  expect(stale()).toBe(2);
});

test('answers that come at once and bring nothing do not become a busy loop', async () => {
  const { link, clock } = aLoop();
  const instant = setInterval(() => link.ring(), 0);
  onTestFinished(() => clearInterval(instant));
  for (let turn = 0; turn < 20; turn += 1) await clock.advance(100);
  expect(link.polls.length).toBeLessThan(15);
});
