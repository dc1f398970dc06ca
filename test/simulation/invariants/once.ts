// What cannot be repeated is never run twice in silence: counted by the log of the hosts themselves. A
// command has an intent on the disk before it, no other run of its step beside it, and something to do.
import { type Exec, partsOfUnit } from '../world/exec-log.ts';
import type { Invariant } from './invariant.ts';

export const onceOnly: Invariant = {
  name: 'no step that cannot be repeated runs twice in silence',
  watch: (_fleet, report) => {
    const intents = new Set<string>();
    /** By host, plan and step. */
    const runs = new Map<string, Exec[]>();
    return (event) => {
      if (event.kind === 'journalled' && event.record.event === 'step-intent') {
        intents.add(`${event.host.name} ${event.record.unit}`);
      }
      if (event.kind !== 'exec-began') return;
      const { host, exec } = event;
      const { planId, stepId, attempt } = partsOfUnit(exec.unit);
      const unit = `muster-${planId}-${stepId}-${attempt}`;
      if (!intents.has(`${host.name} ${unit}`))
        report.broken(`${exec.unit} has no intent on the disk`);
      const key = `${host.name} ${planId}/${stepId}`;
      const others = runs.get(key) ?? [];
      runs.set(key, [...others, exec]);
      if (others.some(({ end }) => end === null)) {
        report.broken(`${exec.unit} begins while another run of its step goes on`);
      }
      if (!exec.isOnce) return;
      if (others.length > 0) report.seen('a second run after the first was cut off');
      report.seen();
      if (exec.wasDone) report.broken(`${exec.unit} runs, and all that it brings is there`);
    };
  },
};
