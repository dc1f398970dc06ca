import { expect, onTestFinished, test } from 'vitest';
import { createOutbox } from '../../../../agent/link/outbox.ts';
import { openJournal } from '../../../../agent/plan/journal.ts';
import { type Clock, systemClock } from '../../../../shared/clock.ts';
import { AppError } from '../../../../shared/errors.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { asPlanId } from '../../../../shared/model/ids.ts';
import type { JournalRecord } from '../../../../shared/model/progress.ts';
import { FakeLink } from '../../../fakes/link.ts';
import { onDisk } from '../../../support/on-disk.ts';
import { newSigningKeys } from '../../../support/signed-plans.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const record = (number: number): JournalRecord => ({
  event: 'plan-stop-received',
  atMs: number,
  planId: asPlanId('p1'),
});

type Sleep = Clock['sleep'];
const quick: Sleep = (ms, signal) => systemClock.sleep(ms / 50, signal);
/** Only a signal ends it. */
const never: Sleep = (_ms, signal) => systemClock.sleep(600_000, signal);

async function anOutbox(directory?: string, sleep: Sleep = quick) {
  const journal = await openJournal({
    ...onDisk,
    directory: directory ?? (await temporaryDirectory()),
  });
  const link = new FakeLink(newSigningKeys());
  const ending = new AbortController();
  const outbox = createOutbox({
    journal,
    link: () => link,
    clock: { ...systemClock, sleep },
    log: silentLogger,
    random: () => 0,
    signal: ending.signal,
    onAcknowledged: async () => undefined,
  });
  const running = outbox.run();
  onTestFinished(async () => {
    ending.abort();
    await running;
    await journal.close();
  });
  const arrived = (): number[] => [...link.journals.values()].flat().map(({ atMs }) => atMs);
  return { journal, link, outbox, arrived };
}

test('what is appended arrives in order, once, over failures', async () => {
  const { journal, link, outbox, arrived } = await anOutbox();
  link.failures.push(new AppError('unavailable', 'gone', { retryable: true }));
  for (let number = 0; number < 20; number += 1) {
    if (number % 5 === 0) link.failures.push(new AppError('internal', 'broken'));
    await journal.append(record(number));
  }
  await outbox.flush(5_000);
  expect(arrived()).toEqual(Array.from({ length: 20 }, (_, number) => number));
  expect(journal.acknowledged).toBe(20);
});

test('a reply that was lost does no harm: the coordinator says where it is', async () => {
  const directory = await temporaryDirectory();
  const { journal, link, outbox, arrived } = await anOutbox(directory);
  await journal.append(record(0));
  await outbox.flush(5_000);
  // As if the next records had arrived and the answer had not.
  link.journals.get(journal.id)?.push(record(1));
  await journal.append(record(1));
  await journal.append(record(2));
  await outbox.flush(5_000);
  expect(arrived()).toEqual([0, 1, 2]);
});

test('a coordinator that lost everything gets everything again', async () => {
  const { journal, link, outbox, arrived } = await anOutbox();
  await journal.append(record(0));
  await journal.append(record(1));
  await outbox.flush(5_000);
  link.journals.clear();
  await journal.append(record(2));
  await outbox.flush(5_000);
  expect(arrived()).toEqual([0, 1, 2]);
});

test('records that come in a burst go in one call, at once when somebody waits for them', async () => {
  const { journal, link, outbox, arrived } = await anOutbox(undefined, never);
  await journal.append(record(0));
  await outbox.flush(5_000);
  const calls: number[] = [];
  const reportProgress = link.reportProgress.bind(link);
  link.reportProgress = async (id, offset, records, signal) => {
    calls.push(records.length);
    return await reportProgress(id, offset, records, signal);
  };
  for (const number of [1, 2, 3]) await journal.append(record(number));
  expect(calls).toEqual([]);
  await outbox.flush(5_000);
  expect(calls).toEqual([3]);
  expect(arrived()).toEqual([0, 1, 2, 3]);
});

test('flushing ends at its limit when nobody answers', async () => {
  const { journal, link, outbox } = await anOutbox();
  for (let number = 0; number < 500; number += 1)
    link.failures.push(new AppError('unavailable', 'gone'));
  await journal.append(record(0));
  await outbox.flush(500);
  expect(journal.acknowledged).toBe(0);
});
