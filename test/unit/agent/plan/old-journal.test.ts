// A state directory as an agent of version 0.1 left it (test/fixtures/journal-0.1): opened, taken up
// at the very step, and its tail told.
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { createContact } from '../../../../agent/link/contact.ts';
import { createOutbox } from '../../../../agent/link/outbox.ts';
import { openAccepted } from '../../../../agent/plan/accepted.ts';
import { openJournal } from '../../../../agent/plan/journal.ts';
import { createLanes } from '../../../../agent/plan/lanes.ts';
import { openLedger } from '../../../../agent/plan/ledger.ts';
import { stepRegistry } from '../../../../agent/steps/registry.ts';
import type { StepRegistry } from '../../../../agent/steps/step-runner.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { asPlanId } from '../../../../shared/model/ids.ts';
import type { JournalRecord } from '../../../../shared/model/progress.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { FakeLink } from '../../../fakes/link.ts';
import { onDisk } from '../../../support/on-disk.ts';
import { newSigningKeys } from '../../../support/signed-plans.ts';
import { fakeServices } from '../../../support/step-services.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const fixture = join(import.meta.dirname, '../../../fixtures/journal-0.1');
/** A moment after the agent was killed. */
const laterMs = 1_795_283_645_000;
const toldBefore = 28;

async function openOldState() {
  const directory = await temporaryDirectory();
  await cp(fixture, directory, { recursive: true });
  const segment = join(directory, 'journal/000000000000.log');
  await writeFile(segment, gunzipSync(await readFile(`${segment}.gz`)));
  await rm(`${segment}.gz`);
  const clock = new FakeClock(laterMs);
  const journal = await openJournal({ ...onDisk, directory: join(directory, 'journal') });
  onTestFinished(() => journal.close());
  const ledger = await openLedger({
    disk: onDisk.disk,
    journal,
    accepted: await openAccepted(onDisk.disk, join(directory, 'accepted')),
    plansDirectory: join(directory, 'plans'),
    kinds: new Set(Object.keys(stepRegistry)),
    clock,
    log: silentLogger,
  });
  return { journal, ledger, clock };
}

test('a journal of version 0.1 opens with all that it says', async () => {
  const { journal, ledger } = await openOldState();
  expect([journal.corruption, journal.id, journal.end]).toEqual([null, 'e5e33cb78d1a584e', 29]);
  const { plans, refused } = ledger.state();
  const ends = [...plans.values()].map(({ planId, finished }) => [planId, finished]);
  expect(Object.fromEntries(ends)).toEqual({
    finished: 'done',
    failed: 'failed',
    stopped: 'stopped',
    stopping: null,
    'half-done': null,
  });
  expect([...refused]).toEqual(['refused']);
  expect(ledger.pairs()).toMatchObject({
    host: { epoch: 1, sequence: 4 },
    cluster: { epoch: 1, sequence: 1 },
  });
  for (const planId of plans.keys()) expect(await ledger.planOf(planId)).not.toBeNull();
});

/** Fetches and installs at once. */
const installed: Pick<StepRegistry, 'install-binary'> = {
  'install-binary': {
    kind: 'install-binary',
    title: ({ path }) => `install ${path}`,
    check: async ({ path }, { host }) =>
      (await host.stat(path)) === null
        ? { kind: 'needed', why: `there is no ${path}` }
        : { kind: 'satisfied' },
    apply: async ({ path }, { host }) => {
      await host.writeFile(path, 'binary', 0o755);
      return {};
    },
  },
};

test('a plan that version 0.1 left half done goes on at its step, and the tail is told', async () => {
  const { journal, ledger, clock } = await openOldState();
  const host = new FakeHost().put('/tmp/muster-journal-0.1/f', 'f\n', 0o600);
  const link = new FakeLink(newSigningKeys());
  link.journals.set(
    journal.id,
    journal
      .entries()
      .slice(0, toldBefore)
      .map(({ record }) => record),
  );
  const ending = new AbortController();
  const { signal } = ending;
  const outbox = createOutbox({
    journal,
    link: () => link,
    clock,
    log: silentLogger,
    random: () => 0,
    signal,
    onAcknowledged: ledger.tidy,
  });
  const ended = new Set<string>();
  const both = Promise.withResolvers<void>();
  const lanes = createLanes({
    ledger,
    registry: { ...stepRegistry, ...installed },
    services: fakeServices({ host, clock, link: () => link }),
    clock,
    log: silentLogger,
    bootId: ledger.state().plans.get(asPlanId('half-done'))?.bootId ?? '',
    random: () => 0,
    signedNow: () => clock.now(),
    coordinator: createContact(clock),
    signal,
    trouble: () => null,
    onChange: (planId) => {
      if (planId !== null) ended.add(planId);
      if (ended.size === 2) both.resolve();
    },
  });
  await lanes.resume();
  await both.promise;
  const running = outbox.run();
  await outbox.flush(5_000);
  ending.abort();
  await running;

  const told = link.journals.get(journal.id) ?? [];
  expect(told).toHaveLength(journal.end);
  const since = told.slice(toldBefore);
  expect(since[0]).toMatchObject({ event: 'plan-stop-received', planId: 'stopping' });
  const begun = since.filter((record) => record.event === 'step-intent');
  expect(
    begun.map(({ planId, stepId, attempt }) => `${planId} ${stepId} ${attempt}`).sort(),
  ).toEqual(['half-done h 2', 'half-done i 1', 'stopping j 2']);
  const end = (planId: string): JournalRecord | undefined =>
    since.find((record) => record.event === 'plan-finished' && record.planId === planId);
  expect(end('half-done')).toMatchObject({ state: 'done', changedSteps: 4, error: null });
  expect(end('stopping')).toMatchObject({ state: 'stopped', changedSteps: 1 });
  expect(host.text('/tmp/muster-journal-0.1/i')).toBe('i\n');
});
