import { describe, expect, it } from 'vitest';
import { createEventFeed, matchesSubject } from '../../../../coordinator/events/event-feed.ts';
import type { LogLine } from '../../../../coordinator/events/log-line.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const line = (text: string, change: Partial<LogLine> = {}): LogLine => ({
  atMs: 0,
  node: 'w1',
  cluster: 'lab',
  planId: 'p1',
  stepId: null,
  level: 'info',
  text,
  ...change,
});
const everything = matchesSubject('');

describe('the feed of events', () => {
  it('gives what came after a cursor, once, in order', () => {
    const feed = createEventFeed(manualClock());
    feed.append([line('a'), line('b')]);
    const page = feed.read(0, everything);
    expect(page.lines.map(({ text }) => text)).toEqual(['a', 'b']);
    expect(feed.read(page.next, everything).lines).toEqual([]);
    feed.append([line('c')]);
    expect(feed.read(page.next, everything).lines.map(({ text }) => text)).toEqual(['c']);
  });

  it('keeps a reader’s place over a restart, whose lines are made again from records', () => {
    const clock = manualClock();
    const before = createEventFeed(clock);
    clock.advance(60_000);
    before.append([line('old', { atMs: clock.now() })]);
    const { next } = before.read(0, everything);
    clock.advance(1_000);
    const after = createEventFeed(clock, [
      line('old', { atMs: clock.now() - 1_000 }),
      line('ahead', { atMs: clock.now() + 9e9 }),
    ]);
    clock.advance(1_000);
    after.append([line('new')]);
    expect(after.read(next, everything).lines.map(({ text }) => text)).toEqual(['ahead', 'new']);
    expect(after.read(0, everything).lines.map(({ text }) => text)).toEqual([
      'old',
      'ahead',
      'new',
    ]);
  });

  it('is bounded in lines and in characters, and a host that talks without end loses its own', () => {
    const feed = createEventFeed(manualClock());
    feed.append([line('quiet', { node: 'w2' })]);
    for (let index = 0; index < 3_000; index += 1) feed.append([line('x'.repeat(8_000))]);
    feed.append(Array.from({ length: 30_000 }, () => line('short', { node: 'w3' })));
    const { lines } = feed.read(0, everything);
    const characters = lines.reduce((sum, { text }) => sum + text.length, 0);
    expect(lines.length).toBeLessThanOrEqual(20_000);
    expect(characters).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(lines.some(({ text }) => text === 'quiet')).toBe(true);
    expect(lines.filter(({ node }) => node === 'w1').length).toBeGreaterThan(100);
  });

  it('wakes who follows it', async () => {
    const feed = createEventFeed(manualClock());
    const { next } = feed.read(0, everything);
    feed.append([line('a')]);
    await feed.changed(next, new AbortController().signal);
    const { next: after } = feed.read(0, everything);
    const waiting = feed.changed(after, new AbortController().signal);
    feed.append([line('b')]);
    await waiting;
  });

  it.each([
    ['has nothing yet', []],
    ['has only what was before it started', [line('old')]],
  ])('that %s lets who follows it wait', async (_what, history) => {
    const feed = createEventFeed(manualClock(), history);
    const { next } = feed.read(0, everything);
    const stop = new AbortController();
    const waiting = feed.changed(next, stop.signal);
    stop.abort();
    // Were it resolved at once, it would be asked again at once, and nobody else would be served.
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });

  it.each([
    ['', ['a', 'b', 'c']],
    ['w1', ['a', 'b']],
    ['p1', ['a', 'b']],
    ['p1/fetch', ['b']],
    ['p2', ['c']],
    ['nobody', []],
  ])('shows of subject "%s" %j', (subject, expected) => {
    const lines = [
      line('a'),
      line('b', { stepId: 'fetch' }),
      line('c', { node: 'w2', planId: 'p2' }),
    ];
    expect(lines.filter(matchesSubject(subject)).map(({ text }) => text)).toEqual(expected);
  });
});
