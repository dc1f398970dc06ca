// Lines as `logs` and `get events` show them, and how a journal record reads as one. Pure.
import { formatTook } from '../../shared/duration.ts';
import { unreachable } from '../../shared/errors.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import { plainLine, plainText } from '../../shared/plain-text.ts';
import { redact } from '../../shared/redact.ts';
import type { PlanRecord } from '../store/records.ts';

export interface LogLine {
  readonly atMs: number;
  /** A node's name; null for what concerns no single node. */
  readonly node: string | null;
  readonly cluster: string | null;
  readonly planId: string | null;
  readonly stepId: string | null;
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

/** A plan that its host took, whether its journal or a poll told so first. */
export const acceptedLine = (plan: PlanRecord, atMs: number): LogLine => ({
  atMs,
  node: plan.nodeName,
  cluster: plan.cluster,
  planId: plan.planId,
  stepId: null,
  level: 'info',
  text: redact(`accepted: ${plan.goal}`),
});

/** Null for what is not worth a line. */
export function lineOfRecord(plan: PlanRecord, journal: JournalRecord): LogLine | null {
  const line = (level: LogLine['level'], text: string, stepId: string | null = null): LogLine => ({
    atMs: journal.atMs,
    node: plan.nodeName,
    cluster: plan.cluster,
    planId: plan.planId,
    stepId,
    level,
    text: redact(text),
  });
  switch (journal.event) {
    case 'plan-accepted':
      return acceptedLine(plan, journal.atMs);
    case 'plan-refused':
      return line('warn', plainLine(`refused (${journal.reason}): ${journal.message}`));
    case 'step-intent': {
      const again = journal.attempt > 1 ? ` (attempt ${journal.attempt})` : '';
      return line('info', `${kindOf(plan, journal.stepId)}: begun${again}`, journal.stepId);
    }
    case 'step-outcome':
      return line(
        journal.result === 'failed' ? 'error' : 'info',
        outcomeText(kindOf(plan, journal.stepId), journal),
        journal.stepId,
      );
    case 'plan-stop-received':
      return line('warn', 'stop received: no further step begins');
    case 'plan-finished': {
      const text = `${journal.state}: ${plan.goal}, ${journal.changedSteps} steps changed something`;
      if (journal.state === 'done') return line('info', text);
      const reason = journal.error === null ? '' : `: ${plainLine(journal.error.message)}`;
      return line(journal.state === 'failed' ? 'error' : 'warn', text + reason);
    }
    default:
      return unreachable(journal);
  }
}

function outcomeText(
  kind: string,
  journal: Extract<JournalRecord, { event: 'step-outcome' }>,
): string {
  const took = formatTook(journal.durationMs);
  if (journal.error === null) {
    const note = journal.note === null ? '' : `: ${plainLine(journal.note)}`;
    return `${kind}: ${journal.result} in ${took}${note}`;
  }
  const { code, message, command, outputTail } = journal.error;
  const ran = command === null ? '' : `\n  command: ${plainLine(command)}`;
  const output = outputTail === null ? '' : `\n${indent(outputTail)}`;
  return `${kind}: ${journal.result} after ${took} (${code}): ${plainLine(message)}${ran}${output}`;
}

const indent = (text: string): string =>
  plainText(text)
    .trimEnd()
    .split('\n')
    .map((row) => `  | ${row}`)
    .join('\n');

function kindOf(plan: PlanRecord, stepId: string): string {
  const steps = plan.stages.flatMap((stage) => stage.steps);
  return steps.find((step) => step.id === stepId)?.kind ?? stepId;
}

/** What the store still knows of a plan, as lines: for a feed that starts empty. */
export function linesOfPlan(plan: PlanRecord): readonly LogLine[] {
  const base = { planId: plan.planId, stepId: null, node: plan.nodeName, cluster: plan.cluster };
  const lines: LogLine[] = [
    { ...base, atMs: plan.issuedMs, level: 'info', text: issuedText(plan) },
  ];
  if (plan.acceptedMs !== null) {
    lines.push({ ...base, atMs: plan.acceptedMs, level: 'info', text: `accepted: ${plan.goal}` });
  }
  for (const step of plan.steps) {
    const { stepId, result } = { stepId: step.stepId, result: step.state };
    if (result === 'pending' || result === 'running') continue;
    const { durationMs, note, error } = step;
    const text = outcomeText(kindOf(plan, stepId), {
      result,
      durationMs: durationMs ?? 0,
      note,
      error,
    } as Extract<JournalRecord, { event: 'step-outcome' }>);
    const level = result === 'failed' ? 'error' : 'info';
    lines.push({ ...base, stepId, atMs: (step.beganMs ?? 0) + (durationMs ?? 0), level, text });
  }
  if (plan.finishedMs !== null) {
    const reason = plan.error?.message ?? plan.message;
    const text = `${plan.state}: ${plan.goal}${reason === null ? '' : `: ${plainLine(reason)}`}`;
    lines.push({
      ...base,
      atMs: plan.finishedMs,
      level: plan.state === 'done' ? 'info' : 'warn',
      text,
    });
  }
  return lines;
}

export const issuedText = (plan: PlanRecord): string => {
  const again = plan.attempt > 1 ? ` (attempt ${plan.attempt})` : '';
  return `issued: ${plan.goal}${again}, ${plan.steps.length} steps`;
};
