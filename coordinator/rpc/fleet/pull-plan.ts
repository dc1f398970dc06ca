// PullPlan: the heartbeat, and the only way a plan reaches a host. A poll is held until there is
// something new for its node, at most 10 s, and always answered with a signed answer of its own.
import { checked } from '../../../shared/alphabets.ts';
import { digestOf } from '../../../shared/canonical.ts';
import { AppError } from '../../../shared/errors.ts';
import { following } from '../../../shared/following.ts';
import type { Lane } from '../../../shared/model/plan.ts';
import { plainLine, quoted } from '../../../shared/plain-text.ts';
import {
  envelopeFromStored,
  envelopeToWire,
  type WireEnvelopeInput,
} from '../../../shared/rpc/codec.ts';
import type { PullReply } from '../../../shared/rpc/generated/muster/v1/PullReply.ts';
import type { PullRequest__Output } from '../../../shared/rpc/generated/muster/v1/PullRequest.ts';
import type { CallContext } from '../../../shared/rpc/handler.ts';
import { acceptedLine } from '../../events/log-line.ts';
import { accepted } from '../../plan-records/apply-record.ts';
import { endForgotten } from '../../plan-records/forgotten.ts';
import {
  type LaneTold,
  LONGEST_HOLD_MS,
  type OpenPoll,
  type PollTold,
  type TroubleTold,
} from '../../presence/polls.ts';
import { signAnswer } from '../../signing/issuer.ts';
import {
  type JournalPosition,
  keys,
  type NodeRecord,
  type PlanRecord,
} from '../../store/records.ts';
import type { AdoptSequences } from './adopt-sequences.ts';
import type { FleetDependencies } from './fleet-dependencies.ts';
import { checkInstance, farewell } from './poller.ts';
import { stopUnwanted } from './stop-unwanted.ts';

/** Evict and ban end an open poll at the latest after this, even if no one rings. */
const recheckMs = 4_000;
/** A host that neither takes nor refuses a plan it was sent is not asked in a tight loop. */
const resendMs = 1_000;

interface Content {
  readonly plans: readonly PlanRecord[];
  readonly stop: readonly string[];
  readonly goOn: readonly string[];
}

interface PullDependencies extends FleetDependencies {
  readonly adoptSequences: AdoptSequences;
}

export async function pullPlan(
  deps: PullDependencies,
  request: PullRequest__Output,
  context: CallContext,
): Promise<PullReply> {
  const caller = deps.members.caller(context);
  const told = parseTold(request);
  if (caller.state === 'retired') return farewell(deps, caller, { told, nonce: request.nonce });
  await checkInstance(deps, caller, { ...told, address: deps.members.presented(context).source });
  const poll = deps.polls.begin(caller.id, told);
  const { health, healthAgeMs, hostTimeMs } = request;
  deps.health.take(caller.id, { json: health, ageMs: healthAgeMs, hostTimeMs });
  try {
    await acceptListed(deps, caller, told);
    await endForgottenPlans(deps, caller, told);
    await stopUnwanted(
      deps,
      caller.id,
      told.lanes.flatMap((lane) => lane.waiting),
    );
    await deps.adoptSequences(caller, told.lanes);
    const content = await waitForNews(deps, {
      caller,
      told,
      poll,
      context,
      holdMs: request.holdMs,
    });
    poll.answered(digestOf(summary(content)));
    return await reply(deps, caller, request.nonce, content);
  } catch (thrown) {
    if (!poll.superseded.aborted) throw thrown;
    throw new AppError('conflict', 'a newer poll of this node ended this one', { retryable: true });
  } finally {
    poll.end();
  }
}

function parseTold(request: PullRequest__Output): PollTold {
  if (request.nonce.length < 16 || request.nonce.length > 64) {
    throw new AppError('invalid', `a poll's nonce has 16 to 64 bytes, not ${request.nonce.length}`);
  }
  return {
    instanceId: checked('identifier', request.instanceId, 'instanceId of a poll'),
    poll: wholeNumber(request.poll, 'number'),
    bootId: word(request.bootId, 'bootId'),
    agentVersion: word(request.agentVersion, 'agentVersion'),
    factsDigest: word(request.factsDigest, 'factsDigest'),
    lanes: request.lanes.slice(0, 2).map(parseLane),
    journalId: word(request.journalId, 'journalId'),
    journalEnd: wholeNumber(request.journalEnd, 'journalEnd'),
    trouble: parseTrouble(request.trouble),
  };
}

/** A code that is none is told as one that nothing knows: a host in trouble is never shown as sound. */
export function parseTrouble(trouble: PullRequest__Output['trouble']): TroubleTold | null {
  if (trouble === null) return null;
  const { code, sentence } = trouble;
  const isCode = /^[a-z][a-z0-9-]{0,63}$/.test(code);
  return { code: isCode ? code : 'unknown', sentence: plainLine(sentence.slice(0, 500)) };
}

function parseLane(lane: PullRequest__Output['lanes'][number]): LaneTold {
  if (lane.lane !== 'host' && lane.lane !== 'cluster') {
    throw new AppError('invalid', `no such lane: ${quoted(lane.lane)}`);
  }
  return {
    lane: lane.lane satisfies Lane,
    planIds: planIds(lane.planIds),
    waiting: planIds(lane.waiting),
    epoch: wholeNumber(lane.epoch, 'epoch'),
    sequence: wholeNumber(lane.sequence, 'sequence'),
    doing: plainLine(lane.doing.slice(0, 500)),
  };
}

/** The wire has 64 bits for it; from 2^53 on two numbers look alike here. */
function wholeNumber(value: number, field: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new AppError('invalid', `${field} of a poll: ${value} is no whole number from 0 to 2^53`);
}

/** More than a lane takes, and no more than can be looked up in one poll. */
const mostPlanIds = 100;
const planIds = (ids: readonly string[]): readonly string[] =>
  ids.slice(0, mostPlanIds).map((id) => checked('planId', id, 'plan ids of a poll'));

/** An agent that has no journal yet, or has not looked at its host yet, leaves it empty. */
const word = (text: string, field: string): string =>
  text === '' ? '' : checked('version', text, `${field} of a poll`);

/** A plan that the host lists is accepted, even if the coordinator had given it up. */
async function acceptListed(
  deps: FleetDependencies,
  caller: NodeRecord,
  told: PollTold,
): Promise<void> {
  for (const planId of told.lanes.flatMap((lane) => lane.planIds)) {
    const change = await deps.plans.change(planId, (record) =>
      record.nodeId === caller.id ? accepted(record, deps.clock.now()) : record,
    );
    if (change !== null && change.before.state !== change.after.state) {
      deps.feed.append([acceptedLine(change.after, deps.clock.now())]);
      await deps.audit.append('plan-accepted', { planId, nodeId: caller.id, how: 'listed' });
    }
  }
}

async function endForgottenPlans(
  deps: FleetDependencies,
  caller: NodeRecord,
  told: PollTold,
): Promise<void> {
  const planIds = told.lanes.flatMap((lane) => lane.planIds);
  const position = await deps.store.get<JournalPosition>(keys.journal(caller.id));
  const now = deps.clock.now();
  for (const { planId } of await deps.plans.unfinishedOf(caller.id)) {
    const change = await deps.plans.change(planId, (record) => {
      const heard = { ...told, planIds };
      return endForgotten(record, heard, { position: position?.value ?? null, now }) ?? record;
    });
    if (change !== null && change.before.state !== change.after.state) {
      await deps.audit.append('plan-given-up', { planId, nodeId: caller.id, reason: 'forgotten' });
      deps.log.warn({ planId, nodeId: caller.id }, 'the host no longer knows an accepted plan');
    }
  }
}

interface Waiting {
  readonly caller: NodeRecord;
  readonly told: PollTold;
  readonly poll: OpenPoll;
  readonly context: CallContext;
  readonly holdMs: number;
}

async function waitForNews(deps: FleetDependencies, waiting: Waiting): Promise<Content> {
  const { caller, told, poll, context } = waiting;
  using either = following(context.signal, poll.superseded);
  const { signal } = either;
  const beganMs = deps.clock.boot();
  const deadlineMs = beganMs + Math.min(Math.max(waiting.holdMs, 0), LONGEST_HOLD_MS);
  for (;;) {
    signal.throwIfAborted();
    const seen = deps.polls.wakes(caller.id);
    await deps.members.requireActive(caller.id);
    const content = await contentFor(deps, caller, told);
    const isNews = digestOf(summary(content)) !== poll.lastAnswer;
    const isResend = content.plans.length > 0 && deps.clock.boot() >= beganMs + resendMs;
    const leftMs = deadlineMs - deps.clock.boot();
    if (leftMs <= 0 || isResend || (isNews && !isEmpty(content, poll))) return content;
    const ms = Math.min(leftMs, content.plans.length > 0 ? resendMs : recheckMs);
    await deps.polls.waitForWake(caller.id, seen, { ms, signal });
  }
}

/** Nothing to say is news only to a host that was told something before. */
const isEmpty = (content: Content, poll: OpenPoll): boolean =>
  poll.lastAnswer === null &&
  content.plans.length === 0 &&
  content.stop.length === 0 &&
  content.goOn.length === 0;

const summary = (content: Content) => ({
  plans: content.plans.map(({ planId }) => planId),
  stop: content.stop,
  goOn: content.goOn,
});

async function contentFor(
  deps: FleetDependencies,
  caller: NodeRecord,
  told: PollTold,
): Promise<Content> {
  const now = deps.clock.now();
  const listed = new Set(told.lanes.flatMap((lane) => lane.planIds));
  const records = await deps.plans.unfinishedOf(caller.id);
  const running = records.filter(({ state }) => state === 'accepted');
  return {
    plans: records.filter(
      (record) =>
        record.state === 'issued' &&
        !record.stopRequested &&
        record.expiresMs > now &&
        !listed.has(record.planId),
    ),
    stop: running.filter((record) => record.stopRequested).map(({ planId }) => planId),
    goOn: running
      .filter((record) => !record.stopRequested && deps.goOn(record.planId)?.goOn === 'yes')
      .map(({ planId }) => planId),
  };
}

async function reply(
  deps: FleetDependencies,
  caller: NodeRecord,
  nonce: Uint8Array,
  content: Content,
): Promise<PullReply> {
  const plans: WireEnvelopeInput[] = [];
  for (const { planId } of content.plans) {
    const record = await deps.plans.envelope(planId);
    if (record !== null) plans.push(envelopeToWire(envelopeFromStored(record.envelope)));
  }
  const { fleet, keys: own, clock } = deps;
  const { stop, goOn } = content;
  const now = clock.now();
  const answer = signAnswer({ fleet, nodeId: caller.id, nonce, now, stop, goOn }, own.controlKey);
  return { plans, answer: envelopeToWire(answer) };
}
