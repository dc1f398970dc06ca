import { expect, test } from 'vitest';
import { judgeMemory, type MemoryLook } from '../../../agent/judge-memory.ts';

const megabytes = 1024 * 1024;
/** A minute after an install. */
const grown: MemoryLook = {
  anonymousBytes: 103 * megabytes,
  atStartBytes: 33 * megabytes,
  hasWorked: true,
  idleMs: 30_000,
  sinceStartedAgainMs: null,
  sinceCollectedMs: 0,
};

test.each<[string, Partial<MemoryLook>, ReturnType<typeof judgeMemory>]>([
  ['has grown by its work and is idle', {}, 'start-again'],
  ['was idle for a moment only', { idleMs: 29_999 }, 'stay'],
  ['has no more than a fresh one', { anonymousBytes: 40 * megabytes }, 'stay'],
  ['has little more than it began with', { atStartBytes: 90 * megabytes }, 'stay'],
  ['did no work since its start', { hasWorked: false }, 'stay'],
  ['has just started again', { sinceStartedAgainMs: 59_999 }, 'stay'],
  ['started again a while ago', { sinceStartedAgainMs: 60_000 }, 'start-again'],
  ['does not know what it has', { anonymousBytes: null }, 'stay'],
  ['does not know what it began with', { atStartBytes: null }, 'start-again'],
  ['is idle for a while', { idleMs: 10_000, sinceCollectedMs: null }, 'collect'],
  ['was idle for a moment', { idleMs: 9_999, sinceCollectedMs: null }, 'stay'],
  [
    'did no work, and has garbage of its start',
    { anonymousBytes: 44 * megabytes, hasWorked: false, sinceCollectedMs: null },
    'collect',
  ],
  [
    'is as small as a fresh one that collected',
    { anonymousBytes: 38 * megabytes, sinceCollectedMs: null },
    'stay',
  ],
  ['has just collected', { hasWorked: false, sinceCollectedMs: 59_999 }, 'stay'],
  ['collected a while ago', { hasWorked: false, sinceCollectedMs: 60_000 }, 'collect'],
])('an agent that %s', (_what, look, verdict) => {
  expect(judgeMemory({ ...grown, ...look })).toBe(verdict);
});
