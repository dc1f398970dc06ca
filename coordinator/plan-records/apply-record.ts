// What one journal record does to the plan it is about. Pure and idempotent: records come again
// after a lost reply or a crash of the coordinator, and coming twice must be as coming once.
//
// INVARIANTS
// - The journal is the truth about a host. A plan that the coordinator gave up (expired or stopped
//   before it knew of its acceptance) becomes accepted when the host says that it was.
// - What a host finished is never reopened.
import { unreachable } from '../../shared/errors.ts';
import { isFinal } from '../../shared/model/plan.ts';
import type { JournalRecord, StepError } from '../../shared/model/progress.ts';
import { redact } from '../../shared/redact.ts';
import type { PlanRecord, StepProgress } from '../store/records.ts';

const stopKnown = 'the host knows of the stop';

export function applyRecord(record: PlanRecord, journal: JournalRecord): PlanRecord {
  switch (journal.event) {
    case 'plan-accepted':
      return accepted(record, journal.atMs);
    case 'plan-refused':
      return refused(record, journal);
    case 'step-intent':
      return withStep(accepted(record, journal.atMs), journal.stepId, (step) =>
        begun(step, journal),
      );
    case 'step-outcome':
      return withStep(accepted(record, journal.atMs), journal.stepId, (step) =>
        ended(step, journal),
      );
    case 'plan-stop-received':
      return isFinishedByHost(record) || record.message === stopKnown
        ? record
        : { ...accepted(record, journal.atMs), message: stopKnown };
    case 'plan-finished':
      return finished(record, journal);
    default:
      return unreachable(journal);
  }
}

/** Accepted, unless the host has said how it ended. */
export function accepted(record: PlanRecord, atMs: number): PlanRecord {
  if (record.state === 'accepted' || isFinishedByHost(record)) return record;
  return {
    ...record,
    state: 'accepted',
    acceptedMs: atMs,
    finishedMs: null,
    refusal: null,
    message: null,
  };
}

/** Expired or stopped while issued is the coordinator's own guess, which the host may correct. */
const isFinishedByHost = (record: PlanRecord): boolean =>
  isFinal(record.state) && (record.acceptedMs !== null || record.state === 'refused');

function refused(
  record: PlanRecord,
  journal: Extract<JournalRecord, { event: 'plan-refused' }>,
): PlanRecord {
  // An accepted plan that came again is no refusal of it; one that ended stays ended.
  if (record.state !== 'issued') return record;
  return {
    ...record,
    state: 'refused',
    refusal: journal.reason,
    message: redact(journal.message),
    finishedMs: journal.atMs,
  };
}

function finished(
  record: PlanRecord,
  journal: Extract<JournalRecord, { event: 'plan-finished' }>,
): PlanRecord {
  if (isFinishedByHost(record)) return record;
  return {
    ...record,
    state: journal.state,
    acceptedMs: record.acceptedMs ?? journal.atMs,
    finishedMs: journal.atMs,
    changedSteps: journal.changedSteps,
    error: redactedError(journal.error),
  };
}

function withStep(
  record: PlanRecord,
  stepId: string,
  change: (step: StepProgress) => StepProgress,
): PlanRecord {
  const steps = record.steps.map((step) => (step.stepId === stepId ? change(step) : step));
  const isSame = steps.every((step, index) => step === record.steps[index]);
  return isSame ? record : { ...record, steps };
}

function begun(
  step: StepProgress,
  journal: Extract<JournalRecord, { event: 'step-intent' }>,
): StepProgress {
  const isOld = journal.attempt < step.attempt;
  const isKnown = journal.attempt === step.attempt && step.state !== 'pending';
  if (isOld || isKnown) return step;
  return {
    ...step,
    state: 'running',
    attempt: journal.attempt,
    beganMs: journal.atMs,
    durationMs: null,
    note: null,
    outputs: {},
    error: null,
  };
}

function ended(
  step: StepProgress,
  journal: Extract<JournalRecord, { event: 'step-outcome' }>,
): StepProgress {
  const isOld = journal.attempt < step.attempt;
  const isKnown =
    journal.attempt === step.attempt && step.state !== 'pending' && step.state !== 'running';
  if (isOld || isKnown) return step;
  return {
    ...step,
    state: journal.result,
    attempt: journal.attempt,
    beganMs: step.beganMs ?? journal.atMs - journal.durationMs,
    durationMs: journal.durationMs,
    note: journal.note === null ? null : redact(journal.note),
    outputs: journal.outputs,
    error: redactedError(journal.error),
  };
}

// The agent redacted already; it may be an older one.
function redactedError(error: StepError | null): StepError | null {
  if (error === null) return null;
  return {
    ...error,
    message: redact(error.message),
    command: error.command === null ? null : redact(error.command),
    outputTail: error.outputTail === null ? null : redact(error.outputTail),
  };
}
