import { expect, test } from 'vitest';
import { commandsOf } from '../../../../agent/steps/command-unit.ts';
import { done, patiently, waits, waitUntil } from '../../../../agent/steps/wait-until.ts';
import { AppError } from '../../../../shared/errors.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { fakeContext } from './fake-context.ts';

test('says what it waits for, once per change of it', async () => {
  const context = fakeContext(new FakeHost());
  const answers = [waits('a'), waits('a'), waits('b'), done(7)];
  const value = await waitUntil(context, {
    everyMs: 100,
    probe: async () => answers.shift() ?? done(0),
  });
  expect(value).toBe(7);
  expect(context.said).toEqual(['waits: a', 'waits: b']);
});

test('gives up a second before the step’s time is over, with what was last waited for', async () => {
  const context = fakeContext(new FakeHost(), { timeoutMs: 30_000 });
  const work = waitUntil(context, {
    everyMs: 500,
    probe: async () => waits('node h2 is not Ready'),
  });
  await expect(work).rejects.toMatchObject({
    code: 'not-ready',
    retryable: true,
    message: 'after 29 s of waiting: node h2 is not Ready',
  });
});

test('takes a failure that may pass for a wait, and no other', async () => {
  const context = fakeContext(new FakeHost());
  let tries = 0;
  const value = await patiently(context, async () => {
    tries += 1;
    if (tries < 3) throw new AppError('unavailable', 'connection refused', { retryable: true });
    return tries;
  });
  expect(value).toBe(3);
  expect(context.said).toEqual(['waits: connection refused']);
  const work = patiently(context, async () => {
    throw new AppError('conflict', 'taken');
  });
  await expect(work).rejects.toMatchObject({ code: 'conflict' });
});

test('a stop ends a wait as an abort', async () => {
  const context = fakeContext(new FakeHost(), { signal: AbortSignal.abort() });
  const work = waitUntil(context, { everyMs: 100, probe: async () => waits('a') });
  await expect(work).rejects.toMatchObject({ name: 'AbortError' });
});

test('numbers the units of a step’s commands', async () => {
  const host = new FakeHost().answer('true', '');
  const change = commandsOf(fakeContext(host));
  await change(['true', '1']);
  await change(['true', '2']);
  expect(host.changes).toEqual([
    'change muster-p1-step-1: true 1',
    'change muster-p1-step-1_2: true 2',
  ]);
});
