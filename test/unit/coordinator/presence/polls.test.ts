import { describe, expect, it } from 'vitest';
import { createPolls, ONLINE_MS, type PollTold } from '../../../../coordinator/presence/polls.ts';
import { addressOf } from '../../../../coordinator/rpc/peer.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const told = (poll: number, change: Partial<PollTold> = {}): PollTold => ({
  instanceId: 'i1',
  poll,
  bootId: 'b',
  agentVersion: '0.1.0',
  factsDigest: '',
  lanes: [],
  journalId: 'j',
  journalEnd: 0,
  trouble: null,
  ...change,
});
const never = new AbortController().signal;

describe('what polls tell', () => {
  it('makes a node online for as long as two polls may take', () => {
    const clock = manualClock();
    const polls = createPolls(clock);
    expect(polls.isOnline('a')).toBe(false);
    polls.begin('a', told(1)).end();
    clock.advance(ONLINE_MS - 1);
    expect(polls.isOnline('a')).toBe(true);
    clock.advance(1);
    expect(polls.isOnline('a')).toBe(false);
  });

  it('is news for decisions when the story changed or the node is back, not at every poll', () => {
    const clock = manualClock();
    const polls = createPolls(clock);
    const news = (poll: PollTold): boolean => {
      const before = polls.revision();
      polls.begin('a', poll).end();
      return polls.revision() > before;
    };
    expect(news(told(1))).toBe(true);
    expect(news(told(2))).toBe(false);
    const lane = {
      lane: 'host',
      planIds: ['p'],
      waiting: [],
      epoch: 1,
      sequence: 1,
      doing: 'runs',
    } as const;
    expect(news(told(3, { lanes: [lane] }))).toBe(true);
    // In words, for people.
    expect(news(told(4, { lanes: [{ ...lane, doing: 'waits' }] }))).toBe(false);
    expect(polls.state('a')?.lanes[0]?.doing).toBe('waits');
    const trouble = { code: 'journal-corrupt', sentence: 'the journal is damaged' };
    expect(news(told(5, { lanes: [{ ...lane, doing: 'waits' }], trouble }))).toBe(true);
    expect(polls.state('a')?.trouble).toEqual(trouble);
    expect(news(told(6, { lanes: [{ ...lane, doing: 'waits' }] }))).toBe(true);
    clock.advance(ONLINE_MS + 1);
    expect(news(told(7, { lanes: [{ ...lane, doing: 'waits' }] }))).toBe(true);
    expect(news(told(8, { bootId: 'b2', lanes: [{ ...lane, doing: 'waits' }] }))).toBe(true);
  });

  it('forgets what was answered when the agent was started anew', () => {
    const polls = createPolls(manualClock());
    const first = polls.begin('a', told(1));
    first.answered('digest');
    expect(polls.begin('a', told(2)).lastAnswer).toBe('digest');
    expect(polls.begin('a', told(1, { instanceId: 'i2' })).lastAnswer).toBeNull();
  });
});

describe('waiting for a wake', () => {
  it('does not miss a wake between looking and waiting', async () => {
    const polls = createPolls(manualClock());
    const seen = polls.wakes('a');
    polls.wake('a');
    await polls.waitForWake('a', seen, { ms: 1_000_000, signal: never });
  });

  it('ends with the time, and with the signal', async () => {
    const clock = manualClock();
    const polls = createPolls(clock);
    const late = polls.waitForWake('a', 0, { ms: 1000, signal: never });
    clock.advance(1000);
    await late;
    const stop = new AbortController();
    const stopped = polls.waitForWake('a', 0, { ms: 1000, signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});

describe('the address of a caller', () => {
  it.each([
    ['10.0.0.7:40312', '10.0.0.7'],
    ['::ffff:10.0.0.7:40312', '10.0.0.7'],
    ['fd00::7:40312', 'fd00::7'],
    ['[fd00::7]:40312', 'fd00::7'],
  ])('of %s is %s', (peer, address) => {
    expect(addressOf(peer)).toBe(address);
  });
});

describe('what else agents tell', () => {
  it('is announced as a change, to who waits for one', async () => {
    const polls = createPolls(manualClock());
    const seen = polls.revision();
    const changed = polls.changed(seen, never);
    polls.announce();
    await changed;
    expect(polls.revision()).toBeGreaterThan(seen);
  });
});
