import { describe, expect, it } from 'vitest';
import { accepted, applyRecord } from '../../../../coordinator/plan-records/apply-record.ts';
import { endForgotten } from '../../../../coordinator/plan-records/forgotten.ts';
import { giveUp } from '../../../../coordinator/plan-records/give-up.ts';
import { parseJournalRecord } from '../../../../coordinator/plan-records/parse-record.ts';
import { createPlan, issuedRecord } from '../../../../coordinator/signing/issuer.ts';
import type { PlanRecord } from '../../../../coordinator/store/records.ts';
import { asPlanId, asStepId } from '../../../../shared/model/ids.ts';
import type { JournalRecord } from '../../../../shared/model/progress.ts';
import { aNode } from '../../../support/cluster-builders.ts';
import { aDraft } from '../../../support/plan-builders.ts';

const planId = asPlanId('paaaaaaaaaaaa');
const now = 1_800_000_000_000;

function issued(): PlanRecord {
  const node = aNode('w1', 1);
  const number = { fleet: 'f', planId, epoch: 1, sequence: 1, now };
  const draft = aDraft(node);
  return issuedRecord(createPlan(draft, node.record, number), node.record, draft);
}

const at = { atMs: now + 1000, planId };
const acceptance: JournalRecord = {
  ...at,
  event: 'plan-accepted',
  lane: 'host',
  goal: 'g',
  epoch: 1,
  sequence: 1,
  digest: 'd',
  bootId: 'b',
};
const refusal: JournalRecord = {
  ...at,
  event: 'plan-refused',
  reason: 'busy',
  message: 'another plan',
};
const intent = (attempt: number): JournalRecord => ({
  ...at,
  event: 'step-intent',
  stepId: asStepId('one'),
  attempt,
  unit: 'u',
});
const outcome = (attempt: number, result: 'changed' | 'failed'): JournalRecord => ({
  ...at,
  event: 'step-outcome',
  stepId: asStepId('one'),
  attempt,
  result,
  durationMs: 10,
  note: null,
  outputs: {},
  error: null,
});
const end = (state: 'done' | 'failed' | 'stopped' | 'expired'): JournalRecord => ({
  ...at,
  event: 'plan-finished',
  lane: 'host',
  state,
  changedSteps: 1,
  error: null,
});
const stop: JournalRecord = { ...at, event: 'plan-stop-received' };
const story = [
  acceptance,
  intent(1),
  outcome(1, 'failed'),
  intent(2),
  outcome(2, 'changed'),
  end('done'),
];

describe('applying journal records', () => {
  it('tells the whole story of a plan', () => {
    const record = story.reduce(applyRecord, issued());
    expect(record).toMatchObject({
      state: 'done',
      acceptedMs: now + 1000,
      finishedMs: now + 1000,
      changedSteps: 1,
    });
    expect(record.steps[0]).toMatchObject({ stepId: 'one', state: 'changed', attempt: 2 });
    expect(record.steps[1]).toMatchObject({ stepId: 'two', state: 'pending' });
  });

  it('changes nothing when any tail of the story comes again', () => {
    const once = story.reduce(applyRecord, issued());
    for (let from = 0; from < story.length; from += 1) {
      expect(story.slice(from).reduce(applyRecord, once)).toBe(once);
    }
  });

  it('does not go back to an older attempt', () => {
    const record = [acceptance, intent(2), intent(1), outcome(1, 'failed')].reduce(
      applyRecord,
      issued(),
    );
    expect(record.steps[0]).toMatchObject({ state: 'running', attempt: 2 });
  });

  it.each(['done', 'failed', 'stopped', 'expired'] as const)(
    'never reopens a plan that the host ended as %s',
    (state) => {
      const record = applyRecord(applyRecord(issued(), acceptance), end(state));
      expect(record.state).toBe(state);
      for (const late of [acceptance, refusal, stop, end('done')])
        expect(applyRecord(record, late)).toBe(record);
      expect(accepted(record, now)).toBe(record);
    },
  );

  it('takes a plan back that the coordinator gave up before it knew of its acceptance', () => {
    const expired = giveUp(issued(), now + 2 * 3_600_000);
    expect(expired?.state).toBe('expired');
    if (expired === null) return;
    expect(applyRecord(expired, acceptance)).toMatchObject({
      state: 'accepted',
      finishedMs: null,
      message: null,
    });
    expect(applyRecord(expired, end('done'))).toMatchObject({ state: 'done' });
  });

  it('records a refusal of an issued plan, and no refusal of an accepted one', () => {
    expect(applyRecord(issued(), refusal)).toMatchObject({
      state: 'refused',
      refusal: 'busy',
      message: 'another plan',
    });
    const running = applyRecord(issued(), acceptance);
    expect(applyRecord(running, refusal)).toBe(running);
  });

  it('ignores a step that the plan does not have', () => {
    const running = applyRecord(issued(), acceptance);
    expect(applyRecord(running, { ...intent(1), stepId: asStepId('three') } as JournalRecord)).toBe(
      running,
    );
  });
});

describe('giving up a plan', () => {
  it('waits for the expiry and a minute more, and never touches an accepted one', () => {
    const record = issued();
    expect(giveUp(record, record.expiresMs + 59_000)).toBeNull();
    expect(giveUp(record, record.expiresMs + 60_000)).toMatchObject({ state: 'expired' });
    expect(giveUp(accepted(record, now), record.expiresMs + 1e9)).toBeNull();
  });

  it('is at once for one that is stopped before it was accepted', () => {
    expect(giveUp({ ...issued(), stopRequested: true }, now)).toMatchObject({ state: 'stopped' });
  });
});

describe('a plan that the host no longer knows', () => {
  const running = accepted(issued(), now);
  const position = { nodeId: running.nodeId, journalId: 'j', nextOffset: 5 };
  const told = { planIds: [], journalId: 'j', journalEnd: 5 };
  const later = { position, now: now + 60_000 };

  it('ends as not known, and may be planned again', () => {
    expect(endForgotten(running, told, later)).toMatchObject({
      state: 'failed',
      error: { code: 'outcome-unknown', retryable: true },
    });
    expect(endForgotten(running, { ...told, journalId: 'new', journalEnd: 0 }, later)?.state).toBe(
      'failed',
    );
  });

  it.each([
    ['it is listed', { ...told, planIds: [planId] }, later],
    ['records are on their way', { ...told, journalEnd: 6 }, later],
    ['the journal is another one', { ...told, journalId: 'new', journalEnd: 3 }, later],
    ['it was accepted a moment ago', told, { ...later, now: now + 59_000 }],
  ] as const)('is not one when %s', (_name, heard, context) => {
    expect(endForgotten(running, heard, context)).toBeNull();
  });
});

describe('reading journal records', () => {
  const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

  it.each(story.map((record) => [record.event, record] as const))(
    'takes %s as it is',
    (_event, record) => {
      expect(parseJournalRecord(bytes(record))).toEqual(record);
    },
  );

  it.each([
    ['no JSON', Buffer.from('{')],
    ['an unknown event', bytes({ ...acceptance, event: 'plan-dreamt' })],
    ['a text where a number belongs', bytes({ ...intent(1), attempt: '1' })],
    ['outputs that are no texts', bytes({ ...outcome(1, 'changed'), outputs: { a: { b: 1 } } })],
  ])('does not take %s', (_name, data) => {
    expect(parseJournalRecord(data)).toBeNull();
  });

  it('takes a failure with a code of another version, and keeps what it said', () => {
    const error = {
      code: 'mood',
      message: 'no wish to',
      command: null,
      outputTail: null,
      retryable: false,
    };
    const parsed = parseJournalRecord(bytes({ ...outcome(1, 'failed'), error }));
    expect(parsed).toMatchObject({
      event: 'step-outcome',
      result: 'failed',
      error: { code: 'internal', message: 'mood: no wish to', retryable: false },
    });
  });

  it('of a newer agent ends its plan, for whatever reason it knows', () => {
    const refused = parseJournalRecord(bytes({ ...refusal, reason: 'mood' }));
    expect(refused).toEqual({ ...refusal, reason: 'mood' });
    expect(refused !== null && applyRecord(issued(), refused)).toMatchObject({
      state: 'refused',
      refusal: 'mood',
    });
    const code = 'a-code-of-more-than-sixty-four-characters-that-nobody-here-has-ever-seen';
    const error = { code, message: 'm', command: null, outputTail: null, retryable: true };
    const failed = parseJournalRecord(bytes({ ...end('failed'), state: 'failed', error }));
    expect(failed).toMatchObject({
      state: 'failed',
      error: { code: 'internal', message: `${code}: m` },
    });
    const dreamt = parseJournalRecord(bytes({ ...end('failed'), state: 'dreamt' }));
    expect(dreamt).toMatchObject({
      state: 'failed',
      error: { code: 'unknown-state', message: 'the agent says that the plan is dreamt' },
    });
    const odd = parseJournalRecord(bytes({ ...outcome(1, 'changed'), result: 'odd' }));
    expect(odd).toMatchObject({ result: 'failed', error: { code: 'unknown-result' } });
    const hostile = parseJournalRecord(
      bytes({ ...refusal, reason: `\u001b[2J${'x'.repeat(500)}` }),
    );
    expect(hostile?.event === 'plan-refused' && hostile.reason).toMatch(/^"\\u001b\[2Jx+…?"$/);
  });

  it('cuts what is too long instead of losing the record', () => {
    const long = { ...refusal, message: 'x'.repeat(100_000) };
    const parsed = parseJournalRecord(bytes(long));
    expect(parsed?.event === 'plan-refused' && parsed.message.length).toBe(4_097);
    const big = { ...outcome(1, 'changed'), outputs: { a: 'x'.repeat(70_000) } };
    const step = parseJournalRecord(bytes(big));
    expect(step).toMatchObject({
      result: 'failed',
      outputs: {},
      error: { message: 'outputs of 70008 bytes: at most 65536 are kept, so none is' },
    });
  });
});
