import { expect, test } from 'vitest';
import { createHealthBook } from '../../../../coordinator/presence/health-book.ts';
import { parseHealth } from '../../../../coordinator/rpc/fleet/parse-health.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { aHealthReport, wrong } from '../../../support/health-reports.ts';
import { manualClock } from '../../../support/manual-clock.ts';

function aBook() {
  const clock = manualClock();
  const seen = { changes: 0, warnings: [] as object[], parsed: 0 };
  const book = createHealthBook({
    parse: (json) => {
      seen.parsed += 1;
      return parseHealth(json);
    },
    clock,
    log: { ...silentLogger, warn: (fields: object) => void seen.warnings.push(fields) },
    onChange: () => {
      seen.changes += 1;
    },
  });
  const take = (report: unknown, ageMs = 0, aheadMs = 0): void => {
    const json = Buffer.from(JSON.stringify(report));
    book.take('a', { json, ageMs, hostTimeMs: clock.now() + aheadMs });
  };
  return { book, clock, seen, take };
}

test('a report is dated by the coordinator’s clock, whatever the host’s says', () => {
  const { book, clock, take } = aBook();
  take(aHealthReport(), 4_000, 3_600_000);
  expect(book.of('a')).toMatchObject({ measuredMs: clock.now() - 4_000, offsetMs: -3_600_000 });
  expect(book.of('b')).toBeNull();
});

test('an equal report renews its time and is neither parsed again nor told', () => {
  const { book, clock, seen, take } = aBook();
  take(aHealthReport());
  clock.advance(10_000);
  take(aHealthReport(), 1_000, 300);
  expect(book.of('a')).toMatchObject({ measuredMs: clock.now() - 1_000, offsetMs: 0 });
  expect(seen).toMatchObject({ changes: 1, parsed: 1 });
  take(aHealthReport({ kubelet: wrong('no answer') }));
  expect(seen.changes).toBe(2);
  expect(book.of('a')?.report.kubelet?.ok).toBe(false);
});

test('a host whose clock was set is told with its new clock', () => {
  const { book, take } = aBook();
  take(aHealthReport());
  take(aHealthReport(), 0, 60_000);
  expect(book.of('a')?.offsetMs).toBe(-60_000);
});

test('before the first measurement nothing is there, and nothing is forgotten for it', () => {
  const { book, take } = aBook();
  const nothing = { json: new Uint8Array(), ageMs: 0, hostTimeMs: 0 };
  book.take('a', nothing);
  expect(book.of('a')).toBeNull();
  take(aHealthReport());
  book.take('a', nothing);
  expect(book.of('a')).not.toBeNull();
});

test('what cannot be read is dropped, counted and logged once; the last good one grows old', () => {
  const { book, clock, seen, take } = aBook();
  take(aHealthReport());
  const { now } = clock;
  const goodMs = now();
  clock.advance(10_000);
  take({ schema: 'muster/health/v2' });
  take('nonsense');
  expect(book.of('a')?.measuredMs).toBe(goodMs);
  expect(book.rejected('a')).toBe(2);
  expect(seen.warnings).toEqual([
    { nodeId: 'a', why: 'health.schema: Invalid input: expected "muster/health/v1"' },
  ]);
  take(aHealthReport());
  expect(book.rejected('a')).toBe(0);
});

test.each([
  [-5_000, 0],
  [Number.MAX_SAFE_INTEGER, 24 * 3_600_000],
])('an age of %s ms counts as %s', (ageMs, counted) => {
  const { book, clock, take } = aBook();
  take(aHealthReport(), ageMs);
  expect(book.of('a')?.measuredMs).toBe(clock.now() - counted);
});
