// Accepted plans as this host keeps them: journal, accepted pairs and envelopes, in the order that
// makes each acceptance survive a crash: envelope, then pair, then journal record. The folded state
// here is always what the journal says.
import { join } from 'node:path';
import { sha256Hex } from '../../shared/canonical.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { asPlanId } from '../../shared/model/ids.ts';
import type { Envelope, Lane, Plan, RefusalReason } from '../../shared/model/plan.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import {
  envelopeFromStored,
  envelopeToStored,
  type StoredEnvelope,
} from '../../shared/rpc/codec.ts';
import type { StateDisk } from '../state-disk.ts';
import type { AcceptedStore } from './accepted.ts';
import type { AcceptedPairs } from './accepted-pair.ts';
import { foldRecord, foldRecords, type JournalState, unfinishedPlans } from './history.ts';
import type { Journal } from './journal.ts';
import { parsePlan } from './parse-plan.ts';

export interface Acceptance {
  readonly plan: Plan;
  readonly digest: string;
  readonly envelope: Envelope;
  readonly bootId: string;
}

export interface PlanLedger {
  state(): JournalState;
  pairs(): AcceptedPairs;
  /** Digests by plan id, for telling a repeat. */
  known(): ReadonlyMap<string, string>;
  unfinished(): Readonly<Record<Lane, readonly string[]>>;
  record(record: JournalRecord): Promise<void>;
  accept(acceptance: Acceptance): Promise<void>;
  /** An acceptance that a crash cut between its pair and its record. */
  isHalfAccepted(plan: Plan): Promise<boolean>;
  /** Once per plan, or per text when the plan could not be trusted to have an id. */
  refuse(refusal: Refusal): Promise<void>;
  /** The plan of an accepted envelope; null when it is gone or is not what was accepted. */
  planOf(planId: string): Promise<Plan | null>;
  /** Drops what is final and acknowledged. */
  tidy(): Promise<void>;
}

export interface Refusal {
  readonly planId: string | null;
  readonly reason: RefusalReason;
  readonly message: string;
}

export interface LedgerOptions {
  readonly disk: StateDisk;
  readonly journal: Journal;
  readonly accepted: AcceptedStore;
  readonly plansDirectory: string;
  readonly kinds: ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The plan id of a refusal whose plan was not verified: its own id is not believed. */
const UNVERIFIED = asPlanId('unverified');
const rememberedRefusals = 256;

export async function openLedger(options: LedgerOptions): Promise<PlanLedger> {
  const { disk, journal, accepted, clock, log } = options;
  const directory = options.plansDirectory;
  await disk.makeDirectory(directory);
  const pathOf = (planId: string): string => join(directory, `${planId}.json`);
  let state = foldRecords(journal.entries().map(({ record }) => record));
  const unverified = new Set<string>();

  const record = async (entry: JournalRecord): Promise<void> => {
    await journal.append(entry);
    state = foldRecord(state, entry);
  };
  const remember = (text: string): void => {
    if (unverified.size >= rememberedRefusals) unverified.clear();
    unverified.add(text);
  };

  return {
    state: () => state,
    pairs: () => accepted.pairs(),
    known: () => new Map([...state.plans.values()].map((plan) => [plan.planId, plan.digest])),
    unfinished: () => {
      const plans = unfinishedPlans(state);
      const idsOf = (lane: Lane): readonly string[] =>
        plans.filter((plan) => plan.lane === lane).map((plan) => plan.planId);
      return { host: idsOf('host'), cluster: idsOf('cluster') };
    },
    record,
    accept: async ({ plan, digest, envelope, bootId }) => {
      const { planId, lane, goal, epoch, sequence } = plan;
      const content = JSON.stringify(envelopeToStored(envelope));
      await disk.replace(pathOf(planId), content);
      await accepted.raise(lane, { epoch, sequence, digest });
      const atMs = clock.now();
      await record({
        event: 'plan-accepted',
        atMs,
        planId,
        lane,
        goal,
        epoch,
        sequence,
        digest,
        bootId,
      });
      log.info({ planId, lane, goal }, 'plan accepted');
    },
    isHalfAccepted: async (plan) =>
      !state.plans.has(plan.planId) && (await disk.read(pathOf(plan.planId))) !== null,
    refuse: async ({ planId, reason, message }) => {
      const isRepeated =
        planId === null
          ? unverified.has(`${reason} ${message}`)
          : state.refused.has(planId.slice(0, 64));
      if (isRepeated) return;
      if (planId === null) remember(`${reason} ${message}`);
      log.warn({ planId, reason }, `plan refused: ${message}`);
      const id = planId === null ? UNVERIFIED : asPlanId(planId.slice(0, 64));
      await record({ event: 'plan-refused', atMs: clock.now(), planId: id, reason, message });
    },
    planOf: async (planId) => {
      const text = await disk.read(pathOf(planId));
      const digest = state.plans.get(asPlanId(planId))?.digest;
      if (text === null || digest === undefined) return null;
      const payload = payloadFrom(text);
      if (payload === null || sha256Hex(payload) !== digest) return null;
      const parsed = parsePlan(payload, options.kinds);
      return parsed.kind === 'plan' ? parsed.plan : null;
    },
    tidy: async () => {
      const isFinal = (planId: string): boolean =>
        state.plans.get(asPlanId(planId))?.finished !== null;
      await journal.dropFinished({
        isFinal,
        beforeDrop: async (planIds) => {
          const names = new Set(await disk.list(directory));
          for (const planId of planIds) {
            if (names.has(`${planId}.json`)) await disk.remove(pathOf(planId));
          }
        },
      });
    },
  };
}

/** Null when the file is no envelope any more. */
function payloadFrom(text: Uint8Array): Uint8Array | null {
  try {
    const stored = JSON.parse(Buffer.from(text).toString('utf8')) as StoredEnvelope;
    return envelopeFromStored(stored).payload;
  } catch {
    return null;
  }
}
