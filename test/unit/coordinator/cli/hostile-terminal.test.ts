// What a host can say, shown by every command that shows it: nothing of it reaches the terminal as more
// than letters in a line.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Decision } from '../../../../coordinator/planner/decision.ts';
import { asPlanId, asStepId, type PlanId } from '../../../../shared/model/ids.ts';
import type { JournalRecord } from '../../../../shared/model/progress.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { acceptedRecord, intentRecord } from '../../../support/journal-records.ts';
import { aDraft, issuesOnce } from '../../../support/plan-builders.ts';
import { cli } from './cli-world.ts';

const hostile =
  'x\u001b[2J\u001b]0;title\u0007\u009b31m\r\u202ey\n2026-01-01 00:00:00.000 m1: done';
const issuing = issuesOnce((node) => aDraft(node));
let coordinator: TestCoordinator;
let planId: PlanId;

beforeEach(async () => {
  coordinator = await startTestCoordinator({
    decide: (view, now): Decision => ({
      ...issuing(view, now),
      waits: [
        {
          subject: 'w1',
          reason: { code: 'plan-refused', goal: hostile, why: hostile },
          sinceMs: now,
        },
      ],
      faults: [
        {
          check: 'swap',
          node: 'w1',
          severity: 'error',
          found: hostile,
          needed: hostile,
          mend: hostile,
        },
      ],
    }),
  });
  const node = await coordinator.join({ name: 'w1', number: 1 });
  const { plans } = await node.poll({ holdMs: 20_000 });
  planId = asPlanId(plans[0]?.planId ?? '');
  await node.poll({ planIds: [planId], doing: hostile });
  const failed: JournalRecord = {
    event: 'step-outcome',
    atMs: 1_800_000_000_000,
    planId,
    stepId: asStepId('one'),
    attempt: 1,
    result: 'failed',
    durationMs: 5,
    note: hostile,
    outputs: {},
    error: {
      code: 'exec-failed',
      message: hostile,
      command: hostile,
      outputTail: hostile,
      retryable: false,
    },
  };
  await node.report(0, [acceptedRecord(planId), intentRecord(planId, 'one'), failed]);
});
afterEach(async () => {
  await coordinator.stop();
});

test.each([
  ['get nodes -o wide', ['get', 'nodes', '-o', 'wide']],
  ['get nodes -o json', ['get', 'nodes', '-o', 'json']],
  ['get plans -o yaml', ['get', 'plans', '-o', 'yaml']],
  ['get plans -o wide', ['get', 'plans', '-o', 'wide']],
  ['get events', ['get', 'events']],
  ['describe node', ['describe', 'node', 'w1']],
  ['describe cluster', ['describe', 'cluster', 'lab']],
  ['plan show', ['plan', 'show', 'ID']],
  ['explain', ['explain']],
  ['logs', ['logs']],
  ['wait', ['wait', '--for', 'ready', '--timeout', '1s']],
  ['an error', ['describe', 'node', hostile.replaceAll('\n', '')]],
])('%s shows it as letters in a line', async (_what, argv) => {
  const env = { MUSTER_SOCKET: join(coordinator.dataDir, 'coordinator.sock') };
  const ran = await cli(
    argv.map((word) => (word === 'ID' ? planId : word)),
    env,
  );
  const output = ran.out + ran.err;
  expect(output).not.toBe('');
  expect(output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  // A line of its own would look as if the coordinator had said it.
  expect(output.split('\n').filter((line) => line.startsWith('2026-01-01'))).toEqual([]);
});

test('JSON keeps what was said, escaped', async () => {
  const env = { MUSTER_SOCKET: join(coordinator.dataDir, 'coordinator.sock') };
  const { out } = await cli(['get', 'plans', '-o', 'json'], env);
  const { items } = JSON.parse(out) as { items: { steps: { note: string }[] }[] };
  expect(items[0]?.steps[0]?.note).toBe(hostile);
});
