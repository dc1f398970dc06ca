import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { isAbort } from '../../../shared/errors.ts';
import { following } from '../../../shared/following.ts';

const stop = new Error('stop');

test('fires with the first of the others, and with its reason', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const { signal } = following(one.signal, other.signal);
  expect(signal.aborted).toBe(false);
  other.abort(stop);
  one.abort(new Error('later'));
  expect(signal.reason).toBe(stop);
});

test('fires at once when one of the others has fired before', () => {
  const { signal } = following(new AbortController().signal, AbortSignal.abort(stop));
  expect(signal.reason).toBe(stop);
});

test('ends by itself as a stop, and fires none of the others', () => {
  const other = new AbortController();
  const own = following(other.signal);
  own.end();
  expect(isAbort(own.signal.reason)).toBe(true);
  expect(other.signal.aborted).toBe(false);
});

test('nobody is kept by a signal that lives on', () => {
  const other = new AbortController();
  {
    using own = following(other.signal);
    expect(own.signal.aborted).toBe(false);
    expect(getEventListeners(other.signal, 'abort')).toHaveLength(1);
  }
  following(other.signal).end();
  following(other.signal, AbortSignal.abort(stop));
  expect(getEventListeners(other.signal, 'abort')).toEqual([]);
});
