import { expect, test } from 'vitest';
import { smokeTestLines } from '../../lab/fleet/installed-table.ts';
import type { PlanRow } from '../../lab/fleet.ts';

const minuteMs = 60_000;

function smokeTest(finishedMs: number, lines: string, state = 'done'): PlanRow {
  return {
    planId: `p${finishedMs}`,
    nodeName: 'm1',
    goal: 'run the smoke test',
    state,
    changedSteps: 0,
    error: null,
    issuedMs: finishedMs,
    acceptedMs: finishedMs,
    finishedMs,
    stages: [],
    steps: [
      { stepId: 'smoke', state: 'done', beganMs: null, durationMs: null, outputs: { lines } },
    ],
  };
}

test('an old smoke test is shown with its age', () => {
  const plans = [smokeTest(minuteMs, 'pod → pod: ok\npod → service: ok')];
  expect(smokeTestLines(plans, 15 * minuteMs)).toBe(
    'smoke test (passed 14m ago)\n  pod → pod: ok\n  pod → service: ok',
  );
});

test('one that has just ended is shown as such', () => {
  expect(smokeTestLines([smokeTest(minuteMs, 'ok')], minuteMs + 800)).toBe(
    'smoke test (passed just now)\n  ok',
  );
});

test('of several the newest that passed is shown', () => {
  const plans = [
    smokeTest(minuteMs, 'old'),
    smokeTest(3 * minuteMs, 'new'),
    smokeTest(4 * minuteMs, 'red', 'failed'),
  ];
  expect(smokeTestLines(plans, 5 * minuteMs)).toBe('smoke test (passed 2m ago)\n  new');
});

test('a lab of one host says why there is none', () => {
  expect(smokeTestLines([], minuteMs)).toBe('smoke test (not run: it needs two nodes)');
});
