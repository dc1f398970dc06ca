// Journal records as hosts send them, checked before they reach a plan record: what a broken or
// hostile agent reports about itself must not be able to break decisions about others.
import { z } from 'zod';
import { asPlanId, isStepId, type PlanId, type StepId } from '../../shared/model/ids.ts';
import type { RefusalReason } from '../../shared/model/plan.ts';
import {
  type JournalRecord,
  type StepError,
  type StepErrorCode,
  stepErrorCodes,
} from '../../shared/model/progress.ts';
import { quoted } from '../../shared/plain-text.ts';

/** Of a Date: a time beyond it could not be shown. */
const latestMs = 8_640_000_000_000_000;
const time = z
  .number()
  .nonnegative()
  .transform((value) => Math.min(value, latestMs));
const count = z.int().nonnegative();
/** An agent keeps as much itself. A plan has a hundred of these, and is written whole at every change. */
const longest = { sentence: 4_096, output: 8_192 } as const;
const wordLimit = 128;
// Cut rather than refused: a record that is skipped may be the one that ends a plan. The end of an
// output is what tells.
const cut = (most: number) =>
  z.string().transform((value) => (value.length > most ? `…${value.slice(-most)}` : value));
const text = cut(longest.sentence);
const word = z.string().transform((value) => quotedUnlessPlain(value.slice(0, wordLimit)));
const planId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/)
  .transform(asPlanId) as unknown as z.ZodType<PlanId>;
const stepId = z.string().refine(isStepId) as unknown as z.ZodType<StepId>;
const lane = z.enum(['host', 'cluster']);
// Of a newer agent there may be others. Kept as they came: the plan is over all the same, and what it
// was ended for is shown.
const reason = word as unknown as z.ZodType<RefusalReason>;

const knownCodes: ReadonlySet<string> = new Set(stepErrorCodes);
const isKnown = (code: string): code is StepErrorCode => knownCodes.has(code);

/** An agent of another version may have other codes: what it said is kept in the message. */
const error = z
  .object({
    code: word,
    message: text,
    command: text.nullable(),
    outputTail: cut(longest.output).nullable(),
    retryable: z.boolean(),
  })
  .transform(({ code, message, ...rest }): StepError => {
    if (isKnown(code)) return { code, message, ...rest };
    return { code: 'internal', message: `${code}: ${message}`, ...rest };
  });

/** Public and small. */
const outputsLimit = 64 * 1024;
const outputs = z.record(z.string(), z.string());

const base = { atMs: time, planId };
const outcomes = ['satisfied', 'changed', 'failed', 'stopped'] as const;
const ends = ['done', 'failed', 'stopped', 'expired'] as const;

const schema = z.discriminatedUnion('event', [
  z.object({
    ...base,
    event: z.literal('plan-accepted'),
    lane,
    goal: text,
    epoch: count,
    sequence: count,
    digest: word,
    bootId: word,
  }),
  z.object({ ...base, event: z.literal('plan-refused'), reason, message: text }),
  z.object({ ...base, event: z.literal('step-intent'), stepId, attempt: count, unit: text }),
  z.object({
    ...base,
    event: z.literal('step-outcome'),
    stepId,
    attempt: count,
    result: word,
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
    state: word,
    changedSteps: count,
    error: error.nullable(),
  }),
]);

/** Null when the bytes are not a record that this coordinator understands. */
export function parseJournalRecord(bytes: Uint8Array): JournalRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) return null;
  const record = parsed.data;
  if (record.event === 'plan-finished') {
    const state = ends.find((known) => known === record.state);
    if (state !== undefined) return { ...record, state };
    const fault = failure('unknown-state', `the agent says that the plan is ${record.state}`);
    return { ...record, state: 'failed', error: record.error ?? fault };
  }
  if (record.event !== 'step-outcome') return record;
  const size = JSON.stringify(record.outputs).length;
  if (size > outputsLimit) {
    const message = `outputs of ${size} bytes: at most ${outputsLimit} are kept, so none is`;
    return { ...record, result: 'failed', outputs: {}, error: failure('bad-output', message) };
  }
  const result = outcomes.find((known) => known === record.result);
  if (result !== undefined) return { ...record, result };
  const fault = failure('unknown-result', `the agent says that the step is ${record.result}`);
  return { ...record, result: 'failed', error: record.error ?? fault };
}

const failure = (code: StepErrorCode, message: string): StepError => ({
  code,
  message,
  command: null,
  outputTail: null,
  retryable: false,
});

function quotedUnlessPlain(value: string): string {
  return /^[\w.:/-]*$/.test(value) ? value : quoted(value, wordLimit);
}
