import { expect, test } from 'vitest';
import { untilAborted, whenAborted } from '../../../shared/until-aborted.ts';

const stop = new Error('stop');

test('gives what was waited for', async () => {
  const { signal } = new AbortController();
  expect(await untilAborted(signal, Promise.resolve(7))).toBe(7);
  await expect(untilAborted(signal, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

test('ends with the reason of the signal, also of one that fired before', async () => {
  const controller = new AbortController();
  const waiting = untilAborted(controller.signal, new Promise(() => undefined));
  controller.abort(stop);
  await expect(waiting).rejects.toBe(stop);
  await expect(untilAborted(controller.signal, Promise.resolve(7))).rejects.toBe(stop);
});

test('what was left is nobody’s failure', async () => {
  const left = Promise.withResolvers<never>();
  const waiting = untilAborted(AbortSignal.abort(stop), left.promise);
  await expect(waiting).rejects.toBe(stop);
  // An unhandled rejection would fail this run.
  left.reject(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
});

test('comes back when the signal fires', async () => {
  const controller = new AbortController();
  const waiting = whenAborted(controller.signal);
  controller.abort(stop);
  await waiting;
  await whenAborted(controller.signal);
});
