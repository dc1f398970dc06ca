// What `npm start` shows at the end: the nodes as Kubernetes itself sees them, and the smoke test with
// the time when it was run, which may be that of an earlier start.
import { formatAge } from '../../../shared/duration.ts';
import type { PlanRow } from '../fleet.ts';

/** The newest that passed; null when there is none. */
export function lastSmokeTest(plans: readonly PlanRow[]): PlanRow | null {
  const passed = plans.filter(
    (plan) => plan.goal === 'run the smoke test' && plan.state === 'done',
  );
  return passed.toSorted((a, b) => (b.finishedMs ?? 0) - (a.finishedMs ?? 0))[0] ?? null;
}

/** Its heading and lines. */
export function smokeTestLines(plans: readonly PlanRow[], nowMs: number): string {
  const plan = lastSmokeTest(plans);
  if (plan === null) return 'smoke test (not run: it needs two nodes)';
  const lines = plan.steps.find((step) => step.stepId === 'smoke')?.outputs['lines'] ?? '';
  const age = nowMs - (plan.finishedMs ?? nowMs);
  const when = age < justNowMs ? 'just now' : `${formatAge(age)} ago`;
  return `smoke test (passed ${when})\n${lines.replaceAll(/^/gm, '  ')}`;
}

const justNowMs = 5000;
