// No step that others may notice begins without its gate, measured right before and true, nor on an
// old answer of the coordinator.
import { partsOfUnit } from '../world/exec-log.ts';
import type { Invariant } from './invariant.ts';

/** What rules say a measurement may be old, and what a busy agent needs between two of its lines. */
const gateMs = 10_000;
const answerMs = 30_000;
const slackMs = 1_500;

const wanted = (argv: readonly string[]): readonly string[] =>
  argv.includes('init') ? ['etcd-gate'] : ['etcd-gate', 'gate-apiserver', 'gate-node'];

export const measuredGate: Invariant = {
  name: 'no disrupting step without its gate, measured right before',
  watch: ({ world }, report) => {
    const gates = new Map<string, { readonly stepId: string; readonly atMs: number }[]>();
    return (event) => {
      if (event.kind === 'gate') {
        if (!event.isTrue)
          report.broken(`${event.stepId} of ${event.host.name} says what is not so`);
        const list = gates.get(event.planId) ?? [];
        list.push({ stepId: event.stepId, atMs: world.scheduler.nowMs });
        gates.set(event.planId, list);
      }
      if (event.kind !== 'exec-began' || !event.exec.isDisruptive) return;
      report.seen();
      const { planId, attempt } = partsOfUnit(event.exec.unit);
      if (attempt > 1) report.seen('of a second attempt');
      for (const name of wanted(event.exec.argv)) {
        const last = gates.get(planId)?.findLast(({ stepId }) => stepId.startsWith(name));
        const ageMs =
          last === undefined ? Number.POSITIVE_INFINITY : world.scheduler.nowMs - last.atMs;
        if (ageMs > gateMs + slackMs) {
          report.broken(
            `${event.host.name}: ${name} was measured ${Math.round(ageMs / 1000)} s before`,
          );
        }
      }
    };
  },
};

export const youngAnswer: Invariant = {
  name: 'no disrupting step on an old answer of the coordinator',
  watch: ({ world }, report) => {
    const answeredMs = new Map<string, number>();
    const startedMs = new Map<string, number>();
    return (event) => {
      const { nowMs } = world.scheduler;
      if (event.kind === 'answered') answeredMs.set(event.host.name, nowMs);
      if (event.kind === 'started') startedMs.set(event.who, nowMs);
      if (event.kind !== 'exec-began' || !event.exec.isDisruptive) return;
      report.seen();
      const ageMs = nowMs - (answeredMs.get(event.host.name) ?? Number.NEGATIVE_INFINITY);
      if (ageMs > 5_000) report.seen('on one some seconds old');
      if (ageMs > answerMs + slackMs) {
        report.broken(`${event.host.name} was last answered ${Math.round(ageMs / 1000)} s before`);
      }
    };
  },
};
