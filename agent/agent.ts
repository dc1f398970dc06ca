// The agent at work: opens journal and ledger, goes on with what is unfinished, then six loops side
// by side (poll, outbox, facts, health, renewal, memory) and an executor per plan. No loop waits for another: each
// can be killed and begun again at any moment.
import { join } from 'node:path';
import type { Clock } from '../shared/clock.ts';
import { isAbort } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { NodeFacts } from '../shared/model/facts.ts';
import type { HealthReport } from '../shared/model/health.ts';
import type { Random } from '../shared/random.ts';
import type { AgentPaths } from './config.ts';
import { createFactsKeeper, type FactsKeeper } from './facts-keeper.ts';
import { createHealthKeeper } from './health/health-keeper.ts';
import type { Host } from './host/host.ts';
import type { HttpGet } from './host/http-get.ts';
import type { OpenKubeApi } from './host/kube-api.ts';
import type { TlsPeek } from './host/tls-peek.ts';
import type { ComeBack } from './identity/come-back.ts';
import type { Identity } from './identity/identity.ts';
import { createRenewalLoop } from './identity/renewal-loop.ts';
import { type Contact, createContact } from './link/contact.ts';
import type { CoordinatorLink, Trouble } from './link/coordinator-link.ts';
import { createOutbox } from './link/outbox.ts';
import { createPollLoop } from './link/poll-loop.ts';
import { createMemoryWatch, type OwnProcess } from './memory-watch.ts';
import { openAccepted } from './plan/accepted.ts';
import { type Journal, openJournal } from './plan/journal.ts';
import { createLanes } from './plan/lanes.ts';
import { openLedger } from './plan/ledger.ts';
import { receive } from './plan/reception.ts';
import type { Artifacts, Upload } from './plan/step-context.ts';
import { verifyAnswer } from './plan/verify-answer.ts';
import type { StateDisk } from './state-disk.ts';
import type { StepRegistry } from './steps/step-runner.ts';
import { AGENT_VERSION } from './version.ts';

export interface AgentOptions {
  readonly paths: AgentPaths;
  readonly identity: Identity;
  readonly openLink: (identity: Identity) => CoordinatorLink;
  /** The way back after the certificate has ended; without it only a new token helps. */
  readonly comeBack?: ComeBack;
  readonly disk: StateDisk;
  readonly host: Host;
  readonly openKube: OpenKubeApi;
  readonly httpGet: HttpGet;
  readonly tlsPeek: TlsPeek;
  readonly registry: StepRegistry;
  readonly artifacts: Artifacts;
  /** For files that plans have the host send. */
  readonly openUpload: (identity: Identity) => Upload;
  readonly own: OwnProcess;
  readonly facts: NodeFacts;
  readonly collect: (clockSkewMs: number | null) => Promise<NodeFacts>;
  /** Looks at what runs on the host; the facts tell what needs no look of its own. */
  readonly measureHealth: (facts: NodeFacts) => Promise<HealthReport>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  readonly signal: AbortSignal;
}

const flushLimitMs = 3_000;
/** Facts this young count as those of now when a plan is accepted. */
const freshFactsMs = 5_000;

/**
 * Works until the signal fires. Steps under way are left to their units and found again. `start-again`:
 * it is idle and has grown, and a new process would be smaller.
 */
export async function runAgent(options: AgentOptions): Promise<'ended' | 'start-again'> {
  const { paths, disk, registry, clock, random, facts } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const end = (): void => ending.abort();
  options.signal.addEventListener('abort', end, { once: true });
  if (options.signal.aborted) end();
  const log = options.log.child({ nodeId: options.identity.nodeId });
  const journal = await openJournal({ disk, directory: paths.journalDirectory, random });
  const accepted = await openAccepted(disk, join(paths.stateDirectory, 'accepted'));
  const kinds = new Set(Object.keys(registry));
  const ledger = await openLedger({
    disk,
    journal,
    accepted,
    plansDirectory: paths.plansDirectory,
    kinds,
    clock,
    log,
  });
  const trouble = troubleOf(journal);
  if (trouble !== null) log.error({ trouble: trouble.code }, trouble.sentence);
  const contact = createContact(clock);
  const bootId = facts.bootId;
  let identity = options.identity;
  let link = options.openLink(identity);

  const keeper = createFactsKeeper({
    first: facts,
    collect: () => options.collect(contact.skewMs()),
    link: () => link,
    clock,
    log,
    random: random.fraction,
    signal,
    onDigest: () => pollLoop.wake(),
  });
  const health = createHealthKeeper({
    measure: () => options.measureHealth(keeper.current()),
    clock,
    log,
    signal,
    onChange: () => pollLoop.wake(),
  });
  const outbox = createOutbox({
    journal,
    link: () => link,
    clock,
    log,
    random: random.fraction,
    signal,
    onAcknowledged: ledger.tidy,
  });
  const lanes = createLanes({
    ledger,
    registry,
    services: {
      host: options.host,
      openKube: options.openKube,
      httpGet: options.httpGet,
      tlsPeek: options.tlsPeek,
      clock,
      log,
      stateDirectory: paths.stateDirectory,
      artifacts: options.artifacts,
      random,
      link: () => link,
      upload: (request, given) => options.openUpload(identity)(request, given),
      nodeKeyPem: identity.nodeKey.pem,
      isContainer: async () => isContainer(keeper.current()),
    },
    clock,
    log,
    bootId,
    random: random.fraction,
    signedNow: contact.signedNow,
    coordinator: contact,
    signal,
    trouble: () => trouble?.sentence ?? null,
    onChange: (finishedPlanId) => {
      memoryWatch.noteWork();
      if (finishedPlanId === null) pollLoop.wake();
      else
        void tellEnd().catch((thrown: unknown) =>
          log.warn({ err: thrown }, 'the end of a plan waits to be told'),
        );
    },
  });
  const isWorking = (): boolean =>
    Object.values(ledger.unfinished()).some((planIds) => planIds.length > 0);
  /** The record of the end goes first, so that the poll that shows the lane free finds it told. */
  const tellEnd = async (): Promise<void> => {
    await outbox.flush(flushLimitMs);
    keeper.request();
    health.request();
    pollLoop.wake();
  };
  const pollLoop = createPollLoop({
    link: () => link,
    describe: () => ({
      bootId,
      factsDigest: keeper.digest(),
      lanes: lanes.reports(),
      journalId: journal.id,
      journalEnd: journal.end,
      trouble,
      health: health.latest(),
      hostTimeMs: clock.now(),
    }),
    isWorking,
    verify: (answer, nonce) => {
      const { keySet, fleet, nodeId } = identity;
      return verifyAnswer(answer, { keySet, fleet, nodeId, nonce });
    },
    onReply: async (plans, answer) => {
      contact.take(answer);
      // The preflight judges the clock by it, and only an answer makes it known.
      if (keeper.current().clockSkewMs === null) keeper.request();
      return await receive(
        { plans, answer },
        {
          ledger,
          lanes,
          bootId,
          clock,
          log,
          circumstances: () => circumstances({ keeper, contact, journal, identity, kinds }),
          onFactsChanged: keeper.request,
        },
      );
    },
    onNotKnown: () => renewals.notKnown(),
    clock,
    log,
    random,
    signal,
  });
  const renewals = createRenewalLoop({
    identity: () => identity,
    link: () => link,
    onRenewed: (renewed) => {
      identity = renewed;
      const old = link;
      link = options.openLink(identity);
      pollLoop.wake();
      old.close();
    },
    comeBack: options.comeBack ?? null,
    folder: { disk, directory: paths.identityDirectory },
    signedNow: contact.signedNow,
    clock,
    log,
    signal,
  });

  let outcome: 'ended' | 'start-again' = 'ended';
  const memoryWatch = createMemoryWatch({
    own: options.own,
    isIdle: () => !isWorking() && journal.acknowledged >= journal.end,
    clock,
    log,
    signal,
    onStartAgain: () => {
      outcome = 'start-again';
      end();
    },
  });

  if (journal.corruption === null) await lanes.resume();
  const loops = [
    pollLoop.run(),
    outbox.run(),
    keeper.run(),
    health.run(),
    renewals.run(),
    memoryWatch.run(),
  ];
  try {
    // A loop ends only by the signal; one that breaks is a bug, and the whole agent starts again.
    await Promise.all(loops);
  } catch (thrown) {
    if (!isAbort(thrown)) throw thrown;
  } finally {
    end();
    await Promise.allSettled(loops);
    link.close();
    await journal.close();
  }
  return options.signal.aborted ? 'ended' : outcome;
}

function troubleOf({ corruption }: Journal): Trouble | null {
  if (corruption === null) return null;
  return {
    code: 'journal-corrupt',
    sentence: `the journal is damaged (${corruption}), so no step begins: look at it on the host with \`muster-agent journal show\`, then go on with \`muster-agent journal go-on\``,
  };
}

interface CircumstancesOf {
  readonly keeper: FactsKeeper;
  readonly contact: Contact;
  readonly journal: Journal;
  readonly identity: Identity;
  readonly kinds: ReadonlySet<string>;
}

async function circumstances(of: CircumstancesOf) {
  await of.keeper.refresh(freshFactsMs);
  return {
    keySet: of.identity.keySet,
    fleet: of.identity.fleet,
    nodeId: of.identity.nodeId,
    signedNowMs: of.contact.signedNow(),
    skewMs: of.contact.skewMs() ?? 0,
    agentVersion: AGENT_VERSION,
    factsDigest: of.keeper.digest(),
    kinds: of.kinds,
    isJournalCorrupt: of.journal.corruption !== null,
  };
}

const isContainer = (facts: NodeFacts): boolean =>
  facts.virtualization !== 'unknown' && facts.virtualization.container;
