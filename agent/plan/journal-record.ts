// From the bytes of a journal record to the record. They were written by an agent and carry a checksum,
// but a record decides what runs and which file is read: what is not one is damage, never a guess. Pure.
import type { JournalRecord } from '../../shared/model/progress.ts';
import { isPlanId } from './parse-plan.ts';

type Json = Readonly<Record<string, unknown>>;
type Check = (record: Json) => boolean;

const isText = (value: unknown, longest: number): boolean =>
  typeof value === 'string' && value.length <= longest;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isOneOf = (value: unknown, words: readonly string[]): boolean =>
  typeof value === 'string' && words.includes(value);
const isErrorOrNull = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && !Array.isArray(value));

const wordLimit = 128;
const lanes = ['host', 'cluster'];
const isOfStep: Check = ({ stepId, attempt }) => isText(stepId, wordLimit) && isCount(attempt);

/** What is used of each; the rest is only shown. */
const checks: Readonly<Record<JournalRecord['event'], Check>> = {
  'plan-accepted': ({ planId, lane, digest, bootId, epoch, sequence }) =>
    isPlanId(planId) &&
    isOneOf(lane, lanes) &&
    isText(digest, wordLimit) &&
    isText(bootId, wordLimit) &&
    isCount(epoch) &&
    isCount(sequence),
  'plan-refused': () => true,
  'plan-stop-received': () => true,
  'plan-finished': ({ state, error }) =>
    isOneOf(state, ['done', 'failed', 'stopped', 'expired']) && isErrorOrNull(error),
  'step-intent': (record) => isOfStep(record) && isText(record['unit'], 256),
  'step-outcome': (record) =>
    isOfStep(record) &&
    isOneOf(record['result'], ['satisfied', 'changed', 'failed', 'stopped']) &&
    isErrorOrNull(record['error']),
};

/** Null when it is none that this agent knows. */
export function parseRecord(payload: Uint8Array): JournalRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const record = value as Json;
  const { event, planId, atMs } = record;
  if (typeof event !== 'string' || !Object.hasOwn(checks, event)) return null;
  if (!isText(planId, 64) || typeof atMs !== 'number') return null;
  return checks[event as JournalRecord['event']](record) ? (value as JournalRecord) : null;
}
