// What happens to plans on a host. The agent's journal is the one record; its tail, sent in order,
// is the progress the coordinator sees. Records hold no secret and no output beyond its end.
import { errorCodes } from '../errors.ts';
import type { PlanId, StepId } from './ids.ts';
import type { Lane, RefusalReason } from './plan.ts';

/** All that a step can fail with; interrupted: something ended it that was not its own. */
export const stepErrorCodes = [
  ...errorCodes,
  'interrupted',
  // The coordinator's own, of what it cannot take as it was reported.
  'bad-output',
  'unknown-result',
  'unknown-state',
] as const;

export type StepErrorCode = (typeof stepErrorCodes)[number];

export interface StepError {
  readonly code: StepErrorCode;
  /** Names the thing, what was seen and what would mend it. */
  readonly message: string;
  readonly command: string | null;
  /** The last lines of the command's output, redacted. */
  readonly outputTail: string | null;
  readonly retryable: boolean;
}

/** Public and typed by the step's kind: a digest, a revision, a certificate. At most 64 KiB. */
export type StepOutputs = Readonly<Record<string, string>>;

export type JournalRecord =
  | {
      readonly event: 'plan-accepted';
      readonly atMs: number;
      readonly planId: PlanId;
      readonly lane: Lane;
      readonly goal: string;
      readonly epoch: number;
      readonly sequence: number;
      readonly digest: string;
      readonly bootId: string;
    }
  | {
      readonly event: 'plan-refused';
      readonly atMs: number;
      readonly planId: PlanId;
      readonly reason: RefusalReason;
      readonly message: string;
    }
  | {
      readonly event: 'step-intent';
      readonly atMs: number;
      readonly planId: PlanId;
      readonly stepId: StepId;
      readonly attempt: number;
      /** Prefix of the transient units that this attempt may start. */
      readonly unit: string;
    }
  | {
      readonly event: 'step-outcome';
      readonly atMs: number;
      readonly planId: PlanId;
      readonly stepId: StepId;
      readonly attempt: number;
      /** satisfied: the check found nothing to do. changed: applied and verified. */
      readonly result: 'satisfied' | 'changed' | 'failed' | 'stopped';
      readonly durationMs: number;
      /** One sentence: what was done, or what would be and is not. */
      readonly note: string | null;
      readonly outputs: StepOutputs;
      readonly error: StepError | null;
    }
  | {
      readonly event: 'plan-stop-received';
      readonly atMs: number;
      readonly planId: PlanId;
    }
  | {
      readonly event: 'plan-finished';
      readonly atMs: number;
      readonly planId: PlanId;
      readonly lane: Lane;
      readonly state: 'done' | 'failed' | 'stopped' | 'expired';
      /** Steps whose result was `changed`. */
      readonly changedSteps: number;
      readonly error: StepError | null;
    };
