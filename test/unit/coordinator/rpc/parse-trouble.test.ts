import { expect, test } from 'vitest';
import { parseTrouble } from '../../../../coordinator/rpc/fleet/pull-plan.ts';

test.each([
  ['nothing', null, null],
  [
    'a code of today',
    { code: 'journal-corrupt', sentence: 'the journal is damaged' },
    { code: 'journal-corrupt', sentence: 'the journal is damaged' },
  ],
  [
    'a code of a newer agent',
    { code: 'disk-read-only', sentence: 's' },
    { code: 'disk-read-only', sentence: 's' },
  ],
  ['what is no code', { code: 'X\n', sentence: 's' }, { code: 'unknown', sentence: 's' }],
  ['no code at all', { code: '', sentence: '' }, { code: 'unknown', sentence: '' }],
  [
    'a sentence that steers a terminal',
    { code: 'a', sentence: 'x\u001b[2J\ny' },
    { code: 'a', sentence: 'x y' },
  ],
  [
    'a long story',
    { code: 'a', sentence: 'x'.repeat(600) },
    { code: 'a', sentence: 'x'.repeat(500) },
  ],
])('what a host says of its trouble: %s', (_what, wire, told) => {
  expect(parseTrouble(wire)).toEqual(told);
});
