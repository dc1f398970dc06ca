import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openAccepted } from '../../../../agent/plan/accepted.ts';
import { type Journal, openJournal } from '../../../../agent/plan/journal.ts';
import type { Lanes } from '../../../../agent/plan/lanes.ts';
import { openLedger } from '../../../../agent/plan/ledger.ts';
import { type Circumstances, receive } from '../../../../agent/plan/reception.ts';
import { AppError } from '../../../../shared/errors.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { asPlanId } from '../../../../shared/model/ids.ts';
import type { Answer, Plan } from '../../../../shared/model/plan.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { onDisk } from '../../../support/on-disk.ts';
import {
  anAnswer,
  aPlan,
  newSigningKeys,
  START_MS,
  signedPlan,
} from '../../../support/signed-plans.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const keys = newSigningKeys();

interface AgentOptions {
  readonly directory: string;
  /** Between the journal and the ledger, to let appends fail. */
  readonly spoil?: (journal: Journal) => Journal;
}

/** The part of an agent that receives, on a folder; opening it again is a restart. */
async function anAgent({ directory, spoil = (journal) => journal }: AgentOptions) {
  const clock = new FakeClock();
  const journal = spoil(await openJournal({ ...onDisk, directory: join(directory, 'journal') }));
  onTestFinished(() => journal.close());
  const accepted = await openAccepted(onDisk.disk, join(directory, 'accepted'));
  const kinds = new Set(['write-file']);
  const plansDirectory = join(directory, 'plans');
  const ledger = await openLedger({
    disk: onDisk.disk,
    journal,
    accepted,
    plansDirectory,
    kinds,
    clock,
    log: silentLogger,
  });
  const started: string[] = [];
  const stopped: string[] = [];
  const lanes: Lanes = {
    start: (plan) => void started.push(plan.planId),
    stop: (planId) => void stopped.push(planId),
    resume: async () => undefined,
    reports: () => [],
  };
  const facts = { digest: 'digest-of-facts', reports: 0 };
  const circumstances = async (): Promise<Circumstances> => ({
    keySet: keys.keySet,
    fleet: 'f-1',
    nodeId: 'aaaaaaaaaaaaaaaa',
    signedNowMs: START_MS,
    skewMs: 0,
    agentVersion: '0.1.0',
    factsDigest: facts.digest,
    kinds,
    isJournalCorrupt: journal.corruption !== null,
  });
  const take = async (plans: readonly Plan[], answer: Partial<Answer> = {}): Promise<boolean> =>
    await receive(
      { plans: plans.map((plan) => signedPlan(plan, keys.plan)), answer: anAnswer(answer) },
      {
        ledger,
        lanes,
        bootId: 'boot-1',
        clock,
        log: silentLogger,
        circumstances,
        onFactsChanged: () => {
          facts.reports += 1;
        },
      },
    );
  const events = (): string[] => journal.entries().map(({ record }) => record.event);
  return { take, ledger, journal, started, stopped, facts, events };
}

const plan = (number: number, changes: Partial<Plan> = {}): Plan =>
  aPlan({ planId: asPlanId(`p${number}`), sequence: number, ...changes });

test('an accepted plan is on disk, in the pairs and in the journal before it starts', async () => {
  const directory = await temporaryDirectory();
  const agent = await anAgent({ directory });
  expect(await agent.take([plan(1)])).toBe(true);
  expect(agent.started).toEqual(['p1']);
  expect(agent.events()).toEqual(['plan-accepted']);
  expect(await readdir(join(directory, 'plans'))).toEqual(['p1.json']);
  expect(agent.ledger.pairs().host).toMatchObject({ epoch: 1, sequence: 1 });
  expect(await agent.ledger.planOf('p1')).toEqual(plan(1));
});

test('the same plan again, also after a restart, is a repeat and starts nothing', async () => {
  const directory = await temporaryDirectory();
  const first = await anAgent({ directory });
  await first.take([plan(1)]);
  expect(await first.take([plan(1)])).toBe(false);
  await first.journal.close();
  const second = await anAgent({ directory });
  expect(await second.take([plan(1)])).toBe(false);
  expect(second.started).toEqual([]);
  expect(second.events()).toEqual(['plan-accepted']);
});

test('killed between the pair and the journal record, the repeated plan is taken after all', async () => {
  const directory = await temporaryDirectory();
  const dying = await anAgent({
    directory,
    spoil: (journal) => ({
      ...journal,
      append: async () => {
        throw new AppError('internal', 'killed');
      },
    }),
  });
  await expect(dying.take([plan(1)])).rejects.toThrow('killed');
  await dying.journal.close();
  const second = await anAgent({ directory });
  expect(second.ledger.pairs().host?.sequence).toBe(1);
  expect(await second.take([plan(1)])).toBe(true);
  expect(second.started).toEqual(['p1']);
});

test('a busy lane refuses another plan once, and holds that refusal for final', async () => {
  const directory = await temporaryDirectory();
  const agent = await anAgent({ directory });
  await agent.take([plan(1)]);
  expect(await agent.take([plan(2)])).toBe(false);
  expect(await agent.take([plan(2)])).toBe(false);
  expect(agent.events()).toEqual(['plan-accepted', 'plan-refused']);
  const atMs = 1;
  await agent.ledger.record({
    event: 'plan-finished',
    atMs,
    planId: asPlanId('p1'),
    lane: 'host',
    state: 'done',
    changedSteps: 0,
    error: null,
  });
  // The coordinator has planned anew by then; the refused one is not begun behind its back.
  expect(await agent.take([plan(2)])).toBe(false);
  expect(await agent.take([plan(3)])).toBe(true);
  expect(agent.started).toEqual(['p1', 'p3']);
});

test('two plans of the cluster lane are taken in their order, whatever order they come in', async () => {
  const agent = await anAgent({ directory: await temporaryDirectory() });
  const cluster = { lane: 'cluster' as const };
  await agent.take([plan(2, cluster), plan(1, cluster)]);
  expect(agent.started).toEqual(['p1', 'p2']);
  expect(await agent.take([plan(2, cluster), plan(1, cluster)])).toBe(false);
  expect(agent.events()).toEqual(['plan-accepted', 'plan-accepted']);
});

test('changed facts refuse the plan and are reported', async () => {
  const agent = await anAgent({ directory: await temporaryDirectory() });
  agent.facts.digest = 'another';
  await agent.take([plan(1)]);
  expect(agent.facts.reports).toBe(1);
  expect(agent.events()).toEqual(['plan-refused']);
});

test('a plan that nobody signed is refused once and fills no journal', async () => {
  const directory = await temporaryDirectory();
  const agent = await anAgent({ directory });
  const stranger = newSigningKeys();
  const envelope = signedPlan(plan(1), stranger.plan);
  for (let time = 0; time < 3; time += 1) {
    await receiveRaw(agent, envelope);
  }
  expect(agent.journal.entries().map(({ record }) => record)).toMatchObject([
    { event: 'plan-refused', planId: 'unverified', reason: 'bad-signature' },
  ]);
  // The true plan of that id is not hurt by it.
  expect(await agent.take([plan(1)])).toBe(true);
});

async function receiveRaw(
  agent: Awaited<ReturnType<typeof anAgent>>,
  envelope: ReturnType<typeof signedPlan>,
) {
  const { verifyPlan } = await import('../../../../agent/plan/verify.ts');
  const verdict = verifyPlan(envelope, {
    keySet: keys.keySet,
    fleet: 'f-1',
    nodeId: 'aaaaaaaaaaaaaaaa',
    signedNowMs: START_MS,
    skewMs: 0,
    agentVersion: '0.1.0',
    factsDigest: '',
    kinds: new Set(),
    isJournalCorrupt: false,
    accepted: agent.ledger.pairs(),
    known: agent.ledger.known(),
    unfinished: agent.ledger.unfinished(),
  });
  if (verdict.kind === 'refuse') await agent.ledger.refuse(verdict);
}

test('a stop is in the journal before it takes effect, and counts once', async () => {
  const agent = await anAgent({ directory: await temporaryDirectory() });
  await agent.take([plan(1)]);
  await agent.take([], { stop: ['p1'] });
  await agent.take([], { stop: ['p1'] });
  expect(agent.stopped).toEqual(['p1']);
  expect(agent.events()).toEqual(['plan-accepted', 'plan-stop-received']);
});

test('a plan that was stopped before it came is never begun, also after a restart', async () => {
  const directory = await temporaryDirectory();
  const first = await anAgent({ directory });
  await first.take([plan(1)], { stop: ['p1'] });
  await first.journal.close();
  const second = await anAgent({ directory });
  await second.take([plan(1)], { stop: ['p1'] });
  expect([...first.started, ...second.started]).toEqual([]);
  expect(second.events()).toEqual(['plan-stop-received', 'plan-finished']);
});
