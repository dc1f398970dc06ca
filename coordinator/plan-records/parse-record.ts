// Journal records as hosts send them, checked before they reach a plan record: what a broken or
// hostile agent reports about itself must not be able to break decisions about others.
import { z } from 'zod';
import { asPlanId, type PlanId, type StepId } from '../../shared/model/ids.ts';
import {
  type JournalRecord,
  type StepError,
  type StepErrorCode,
  stepErrorCodes,
} from '../../shared/model/progress.ts';

const time = z.number().nonnegative();
const count = z.int().nonnegative();
const textLimit = 16_384;
// Cut rather than refused: a record that is skipped may be the one that ends a plan. The end of an
// output is what tells.
const text = z
  .string()
  .transform((value) => (value.length > textLimit ? `…${value.slice(-textLimit)}` : value));
const planId = z.string().max(64).transform(asPlanId) as unknown as z.ZodType<PlanId>;
const stepId = z.string().max(64) as unknown as z.ZodType<StepId>;
const lane = z.enum(['host', 'cluster']);

const knownCodes: ReadonlySet<string> = new Set(stepErrorCodes);
const isKnown = (code: string): code is StepErrorCode => knownCodes.has(code);

/** An agent of another version may have other codes: what it said is kept in the message. */
const error = z
  .object({
    code: z.string().max(64),
    message: text,
    command: text.nullable(),
    outputTail: text.nullable(),
    retryable: z.boolean(),
  })
  .transform(({ code, message, ...rest }): StepError => {
    if (isKnown(code)) return { code, message, ...rest };
    return { code: 'internal', message: `${code}: ${message}`, ...rest };
  });

/** Outputs are public and small: rule 28. */
const outputsLimit = 64 * 1024;
const outputs = z
  .record(z.string().max(128), z.string())
  .transform((value) => (JSON.stringify(value).length > outputsLimit ? {} : value));

const base = { atMs: time, planId };

const schema = z.discriminatedUnion('event', [
  z.object({
    ...base,
    event: z.literal('plan-accepted'),
    lane,
    goal: text,
    epoch: count,
    sequence: count,
    digest: z.string().max(128),
    bootId: z.string().max(128),
  }),
  z.object({
    ...base,
    event: z.literal('plan-refused'),
    reason: z.enum([
      'bad-signature',
      'wrong-type',
      'too-large',
      'unknown-schema',
      'wrong-fleet',
      'wrong-node',
      'not-yet-valid',
      'expired',
      'old-sequence',
      'other-content',
      'agent-too-old',
      'unknown-step',
      'facts-changed',
      'clock',
      'busy',
      'journal-corrupt',
    ]),
    message: text,
  }),
  z.object({
    ...base,
    event: z.literal('step-intent'),
    stepId,
    attempt: count,
    unit: z.string().max(256),
  }),
  z.object({
    ...base,
    event: z.literal('step-outcome'),
    stepId,
    attempt: count,
    result: z.enum(['satisfied', 'changed', 'failed', 'stopped']),
    durationMs: time,
    note: text.nullable(),
    outputs,
    error: error.nullable(),
  }),
  z.object({ ...base, event: z.literal('plan-stop-received') }),
  z.object({
    ...base,
    event: z.literal('plan-finished'),
    lane,
    state: z.enum(['done', 'failed', 'stopped', 'expired']),
    changedSteps: count,
    error: error.nullable(),
  }),
]) satisfies z.ZodType<JournalRecord>;

/** Null when the bytes are not a record that this coordinator understands. */
export function parseJournalRecord(bytes: Uint8Array): JournalRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
