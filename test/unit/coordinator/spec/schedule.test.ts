import { expect, test } from 'vitest';
import { lastDue, nextDue, scheduleFault } from '../../../../coordinator/spec/schedule.ts';

const at = (text: string): number => Date.parse(`2026-11-21T${text}Z`);
const everySixHours = '0 */6 * * *';

test.each([
  ['12:00:00.000', '12:00:00'],
  ['11:59:59.999', '06:00:00'],
  ['12:00:00.001', '12:00:00'],
  ['17:59:59', '12:00:00'],
  ['00:00:00', '00:00:00'],
])('at %s the last due time of every six hours was %s', (now, due) => {
  expect(lastDue(everySixHours, at(now))).toBe(at(due));
});

test('the next due time comes after now, also when now is one', () => {
  expect(nextDue(everySixHours, at('12:00:00'))).toBe(at('18:00:00'));
  expect(nextDue(everySixHours, at('11:59:59.999'))).toBe(at('12:00:00'));
});

test('off is never due', () => {
  expect([lastDue('off', at('12:00:00')), nextDue('off', at('12:00:00'))]).toEqual([null, null]);
  expect(scheduleFault('off')).toBeNull();
});

test.each([['hourly'], ['* * * * * *'], ['61 * * * *'], [''], ['0 0 31 2 *']])(
  '%j is no schedule',
  (pattern) => {
    expect(scheduleFault(pattern)).toMatch(/five fields of cron|some day/);
  },
);
