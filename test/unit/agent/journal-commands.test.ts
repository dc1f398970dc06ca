import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AgentPaths, agentPaths } from '../../../agent/config.ts';
import { explainGoOn, goOnWithNewJournal, showJournal } from '../../../agent/journal-commands.ts';
import { openAccepted } from '../../../agent/plan/accepted.ts';
import { openJournal } from '../../../agent/plan/journal.ts';
import { AppError } from '../../../shared/errors.ts';
import { asPlanId, asStepId } from '../../../shared/model/ids.ts';
import type { JournalRecord } from '../../../shared/model/progress.ts';
import { FakeHost } from '../../fakes/host.ts';
import { onDisk } from '../../support/on-disk.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { jumpingClock } from './steps/fake-context.ts';

const atMs = Date.parse('2026-11-21T12:00:00Z');
const plan = (planId: string) => ({ atMs, planId: asPlanId(planId), lane: 'host' as const });
const records: readonly JournalRecord[] = [
  {
    event: 'plan-accepted',
    ...plan('p1'),
    goal: 'prepare host',
    epoch: 1,
    sequence: 7,
    digest: 'd',
    bootId: 'b',
  },
  { event: 'step-intent', ...plan('p1'), stepId: asStepId('etcd'), attempt: 1, unit: 'u' },
  { event: 'plan-stop-received', atMs: atMs + 1_000, planId: asPlanId('p2') },
  { event: 'plan-stop-received', atMs: atMs + 2_000, planId: asPlanId('p3') },
];

/** A state directory whose journal has four records. */
async function aState(): Promise<AgentPaths> {
  const paths = agentPaths({ stateDirectory: join(await temporaryDirectory(), 'state') });
  await mkdir(paths.stateDirectory);
  const journal = await openJournal({ ...onDisk, directory: paths.journalDirectory });
  for (const record of records) await journal.append(record);
  await journal.close();
  const accepted = await openAccepted(onDisk.disk, join(paths.stateDirectory, 'accepted'));
  await accepted.raise('host', { epoch: 1, sequence: 7, digest: 'd' });
  return paths;
}

const segments = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory)).filter((name) => name.endsWith('.log'));

/** Spoils the third of the records. */
async function damage(paths: AgentPaths): Promise<Buffer> {
  const [name = ''] = await segments(paths.journalDirectory);
  const file = join(paths.journalDirectory, name);
  const bytes = await readFile(file);
  bytes.write('XX', bytes.indexOf('"p2"'));
  await writeFile(file, bytes);
  return bytes;
}

const goOn = (paths: AgentPaths, host = new FakeHost(), lock = async () => {}): Promise<string> =>
  goOnWithNewJournal({ ...onDisk, paths, host, clock: jumpingClock(atMs), lock });

test('shows a sound journal with its plans', async () => {
  const text = await showJournal(onDisk.disk, await aState());
  expect(text).toMatch(/^State {5}sound$/m);
  expect(text).toMatch(/4 can be read, from 2026-11-21T12:00:00.000Z to 2026-11-21T12:00:02.000Z/);
  expect(text).toContain('p1 (host lane, accepted 2026-11-21T12:00:00.000Z): not ended, begun and');
  expect(text).not.toContain('go-on');
});

test('shows where a journal is damaged, what is whole on both sides, and the way out', async () => {
  const paths = await aState();
  await damage(paths);
  const text = await showJournal(onDisk.disk, paths);
  expect(text).toMatch(/^State {5}damaged: no step begins/m);
  expect(text).toMatch(/2 can be read/);
  expect(text).toMatch(/a bad record with a valid one after it in .*000000000000\.log/);
  expect(text).toMatch(/at byte \d{3}; 1 whole behind it, the last of 2026-11-21T12:00:02/);
  expect(text).toContain('without an outcome: etcd');
  expect(text).toContain('muster-agent journal go-on --yes');
});

test('looking changes nothing, also of a journal that is damaged', async () => {
  const paths = await aState();
  const bytes = await damage(paths);
  await showJournal(onDisk.disk, paths);
  expect(await explainGoOn(onDisk.disk, paths)).toContain('Nothing was changed.');
  const [name = ''] = await segments(paths.journalDirectory);
  expect((await readFile(join(paths.journalDirectory, name))).equals(bytes)).toBe(true);
  expect(await readdir(paths.stateDirectory)).toEqual(['accepted', 'journal']);
});

test('going on keeps the damaged journal and the accepted pairs, and begins a new id', async () => {
  const paths = await aState();
  const bytes = await damage(paths);
  const said = await goOn(paths);
  const aside = join(paths.stateDirectory, `damaged-${atMs}`);
  expect(said).toContain(aside);
  expect(said).toContain('host epoch 1 number 7, cluster none');
  const [name = ''] = await segments(join(aside, 'journal'));
  expect((await readFile(join(aside, 'journal', name))).equals(bytes)).toBe(true);
  const journal = await openJournal({ ...onDisk, directory: paths.journalDirectory });
  expect([journal.corruption, journal.end]).toEqual([null, 0]);
  expect(said).toContain(journal.id);
  await journal.close();
  const accepted = await openAccepted(onDisk.disk, join(paths.stateDirectory, 'accepted'));
  expect(accepted.pairs().host).toMatchObject({ epoch: 1, sequence: 7 });
});

test('the plans go aside with their journal, so that the last one is not taken for half accepted', async () => {
  const paths = await aState();
  await damage(paths);
  await mkdir(paths.plansDirectory);
  await writeFile(join(paths.plansDirectory, 'p1.json'), '{}');
  await goOn(paths);
  expect(await readdir(paths.stateDirectory)).toEqual(['accepted', `damaged-${atMs}`, 'journal']);
  expect(await readdir(join(paths.stateDirectory, `damaged-${atMs}`))).toEqual([
    'journal',
    'plans',
  ]);
});

test('a sound journal is not set aside', async () => {
  const paths = await aState();
  await expect(goOn(paths)).rejects.toMatchObject({ code: 'refused', message: /is sound/ });
  expect(await readdir(paths.stateDirectory)).toEqual(['accepted', 'journal']);
});

test('accepted pairs that are damaged are made again from the journal, and nothing is lost', async () => {
  const paths = await aState();
  const accepted = join(paths.stateDirectory, 'accepted');
  await writeFile(accepted, Buffer.alloc(8_192, 0xa5));
  await expect(openAccepted(onDisk.disk, accepted)).rejects.toThrow('journal go-on --yes');
  expect(await explainGoOn(onDisk.disk, paths)).toContain('is damaged');
  await goOn(paths);
  expect(await readdir(join(paths.stateDirectory, `damaged-${atMs}`))).toContain('accepted');
  const { host } = (await openAccepted(onDisk.disk, accepted)).pairs();
  expect(host).toMatchObject({ epoch: expect.any(Number), sequence: expect.any(Number) });
});

test('nothing is set aside while an agent works', async () => {
  const paths = await aState();
  await damage(paths);
  const works = async (): Promise<void> => {
    throw new AppError('conflict', 'another agent already works');
  };
  await expect(goOn(paths, new FakeHost(), works)).rejects.toMatchObject({
    code: 'conflict',
    message: /systemctl stop muster-agent/,
  });
});

test('a command of a plan that still runs is waited for; one that ended is forgotten', async () => {
  const paths = await aState();
  await damage(paths);
  const host = new FakeHost().put('/run/muster/units/muster-p1-etcd-1.out', '');
  const state = { active: 'activating' };
  host.answer('systemctl show', () => `LoadState=loaded\nActiveState=${state.active}\n`);
  await expect(goOn(paths, host)).rejects.toMatchObject({
    code: 'conflict',
    message: /muster-p1-etcd-1\.service.*still runs.*systemctl stop muster-p1-etcd-1\.service/,
  });
  expect(await readdir(paths.stateDirectory)).toEqual(['accepted', 'journal']);
  state.active = 'failed';
  await goOn(paths, host);
  expect(host.lines).toContain('forget muster-p1-etcd-1');
});

test('a host without a journal says so', async () => {
  const paths = agentPaths({ stateDirectory: await temporaryDirectory() });
  await expect(showJournal(onDisk.disk, paths)).rejects.toMatchObject({ code: 'not-found' });
});
