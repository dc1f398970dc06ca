import { expect, it } from 'vitest';
import { withQuota } from '../../../../coordinator/events/audit-quota.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const collector = () => {
  const entries: { readonly event: string; readonly fields: object }[] = [];
  return {
    entries,
    append: async (event: string, fields: object) => void entries.push({ event, fields }),
    close: async () => {},
  };
};

it('writes a minute’s worth of what strangers cause, and how many more there were', async () => {
  const clock = manualClock();
  const log = collector();
  const audit = withQuota(log, clock);
  for (let n = 0; n < 1_000; n += 1) await audit.append('join-refused', { source: `10.0.0.${n}` });
  expect(log.entries).toHaveLength(60);
  clock.advance(60_000);
  await audit.append('join-refused', { source: 'later' });
  expect(log.entries.at(-1)?.fields).toEqual({ source: 'later', omittedBefore: 940 });
  await audit.append('join-refused', { source: 'again' });
  expect(log.entries.at(-1)?.fields).toEqual({ source: 'again' });
});

it('lets no member use up what is left for another', async () => {
  const log = collector();
  const audit = withQuota(log, manualClock());
  for (let n = 0; n < 500; n += 1) await audit.append('foreign-record', { nodeId: 'bad' });
  await audit.append('foreign-record', { nodeId: 'good' });
  expect(log.entries).toHaveLength(31);
});

it.each(['joined', 'certificate-signed', 'plan-issued', 'step-outcome', 'operator-call'] as const)(
  'leaves no %s out',
  async (event) => {
    const log = collector();
    const audit = withQuota(log, manualClock());
    for (let n = 0; n < 500; n += 1) await audit.append(event, { nodeId: 'n' });
    expect(log.entries).toHaveLength(500);
  },
);
