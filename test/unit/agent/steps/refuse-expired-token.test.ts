import { expect, test } from 'vitest';
import { judgeToken, type TokenAnswers } from '../../../../agent/steps/refuse-expired-token.ts';

const none: TokenAnswers = { taken: 0, refused: 0, takenInRow: 0, elapsedMs: 0 };

test.each<[string, Partial<TokenAnswers>, ReturnType<typeof judgeToken>]>([
  ['the first answer takes it', { taken: 1, takenInRow: 1 }, 'taken'],
  ['nobody answers', {}, 'unknown'],
  ['one master refuses it', { refused: 1 }, 'ask-again'],
  ['all refuse it for a while', { refused: 100, elapsedMs: 59_999 }, 'ask-again'],
  ['all refuse it for longer than a start takes', { refused: 100, elapsedMs: 60_000 }, 'expired'],
  ['few answered in all that time', { refused: 3, elapsedMs: 90_000 }, 'unknown'],
  ['one takes it after others did not', { refused: 1, taken: 1, takenInRow: 1 }, 'ask-again'],
  ['each of five in a row takes it', { refused: 9, taken: 5, takenInRow: 5 }, 'taken'],
  ['the masters never agree', { refused: 99, taken: 1, elapsedMs: 60_000 }, 'unknown'],
])('of the token when %s: %s', (_what, seen, verdict) => {
  expect(judgeToken({ ...none, ...seen })).toBe(verdict);
});
