import { expect, test } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { untilAnswered, type Watched } from '../../lab/fleet/patience.ts';

const serving: Watched = { isServing: async () => true, coordinatorLog: '/lab/coordinator.log' };
const deadline = new AppError('timeout', 'Deadline exceeded after 20.003s, Waiting for LB pick');

/** Fails with each of `failures`, then answers; the last failure waits until something was said. */
function asking(failures: readonly Error[], said: Promise<void>): () => Promise<string> {
  const left = [...failures];
  return async () => {
    const failure = left.shift();
    if (failure === undefined) return 'rows';
    if (left.length === 0) await said;
    throw failure;
  };
}

function listener(): { say: (line: string) => void; lines: string[]; said: Promise<void> } {
  const lines: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const say = (line: string): void => {
    lines.push(line);
    resolve();
  };
  return { say, lines, said: promise };
}

test('a coordinator that does not answer for a while is waited for, and that is said once', async () => {
  const { say, lines, said } = listener();
  const gone = new AppError('unavailable', 'connect ECONNREFUSED');
  const ask = asking([deadline, gone, deadline], said);
  expect(await untilAnswered(serving, ask, { say, quietMs: 0, pauseMs: 0 })).toBe('rows');
  expect(lines).toEqual([
    expect.stringMatching(/^the coordinator has not answered for \d+ s: waiting for it$/),
    expect.stringMatching(/^the coordinator answers again, after \d+ s$/),
  ]);
});

test('a short silence is not worth a line', async () => {
  const { say, lines } = listener();
  const ask = asking([deadline], Promise.resolve());
  expect(await untilAnswered(serving, ask, { say, pauseMs: 0 })).toBe('rows');
  expect(lines).toEqual([]);
});

test('a coordinator that has ended is an error that names its log', async () => {
  const { say } = listener();
  const ended = { ...serving, isServing: async () => false };
  const ask = asking([deadline], Promise.resolve());
  await expect(untilAnswered(ended, ask, { say })).rejects.toThrow(
    'the coordinator has ended: see /lab/coordinator.log',
  );
});

test('a refusal is no missing answer', async () => {
  const { say } = listener();
  const refused = new AppError('permission-denied', 'not for you');
  const ask = asking([refused], Promise.resolve());
  await expect(untilAnswered(serving, ask, { say })).rejects.toThrow('not for you');
});
