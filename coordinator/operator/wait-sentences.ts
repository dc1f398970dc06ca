// The words for why something waits: one row for every code, or this does not compile. Made where they
// are shown; nobody reads them back.
import { describeBlocking } from '../../shared/drain-words.ts';
import { formatAge, formatRest } from '../../shared/duration.ts';
import { CORDON_OPERATOR } from '../../shared/model/drain.ts';
import { sentence } from '../planner/preflight/check.ts';
import { isHeld, type Wait, type WaitCode, type WaitReason } from '../planner/wait.ts';
import type { ChangeKind } from '../store/records.ts';

/** A wait as it is shown, and sent to the command line. */
export interface ShownWait {
  readonly code: string;
  /** A node's name, or the cluster's. */
  readonly subject: string;
  /** One sentence without the subject: "waits for 1 more control-plane host (2 of 3 have joined)". */
  readonly for: string;
  readonly sinceMs: number;
  /** What will end it, one clause. */
  readonly endsWhen: string;
  /** waiting: it ends by itself. held: an operator has to act. */
  readonly kind: 'waiting' | 'held';
}

type Words = readonly [what: string, endsWhen: string];
type Of<C extends WaitCode> = Extract<WaitReason, { code: C }>;

const seconds = (ms: number): string => `${Math.max(1, Math.round(ms / 1000))} s`;

/** What the host that a change is about does, and what it is when the change is over. */
const changeWords: Readonly<Record<ChangeKind, { readonly does: string; readonly ends: string }>> =
  {
    init: { does: 'is starting the control plane', ends: 'is the first ready master' },
    join: { does: 'is joining', ends: 'is a ready master' },
    upgrade: { does: 'is changing its control plane', ends: 'is ready again' },
    'update-etcd': { does: 'is changing its etcd member', ends: 'is ready again' },
    renew: { does: 'is renewing its certificates', ends: 'is ready again' },
    defragment: {
      does: 'is having its etcd database defragmented',
      ends: 'has its database defragmented',
    },
  };

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function renewalWords(standing: Of<'renewal-waits'>['standing']): {
  readonly what: string;
  readonly ends: string;
} {
  switch (standing.kind) {
    case 'away':
      return { what: 'its agent does not call', ends: 'its agent calls again' };
    case 'change':
      return {
        what: `${standing.name} comes first, one master at a time`,
        ends: `${standing.name} is done`,
      };
    case 'rollout':
      return {
        what: `rollout ${standing.rollout} comes first`,
        ends: 'the rollout is over, or you pause it (coordinator rollout pause)',
      };
  }
}

const turnWords: Readonly<Record<Of<'change-under-way'>['turn'], string>> = {
  join: 'for its turn to join the control plane',
  rollout: 'for its turn in the rollout',
  defragment: 'with the defragmentation of etcd',
};

const stageWords: Readonly<Record<Of<'rollout-stage'>['stage'], string>> = {
  pulling: 'the coordinator fetches artifacts',
  staging: 'artifacts are fetched to every host first',
  snapshot: 'a snapshot of etcd is taken first',
  ahead: 'what nobody notices comes first, on every host at once',
  etcd: 'members of etcd come first, one at a time',
  'control-plane': 'masters come first, one at a time',
  services: 'the services of the cluster come first',
};

/** A moment that is near: it reads the same for as long as it is to come. */
const timeOfDay = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)} UTC`;

const listed = 5;

const list = (names: readonly string[]): string =>
  names.length <= listed
    ? names.join(', ')
    : `${names.slice(0, listed).join(', ')} and ${names.length - listed} more`;
const forOwner = (owner: string): string =>
  owner === CORDON_OPERATOR ? '' : ` for rollout ${owner}`;

const table: { readonly [C in WaitCode]: (reason: Of<C>, now: number) => Words } = {
  'hosts-missing': ({ joined, size, pool }) => {
    const missing = size - joined;
    return [
      `waits for ${missing} more control-plane host${missing === 1 ? '' : 's'} (${joined} of ${size} have joined)`,
      `${missing === 1 ? 'a host joins' : `${missing} hosts join`} pool ${pool} (coordinator join-material --pool ${pool})`,
    ];
  },
  'preflight-stops': ({ faults }) => [
    `is stopped by the preflight before anything was touched: ${faults.map((fault) => `${fault.node}: ${sentence(fault)}`).join(' | ')}`,
    'the faults are mended, or the checks are ignored (apply --ignore CHECK)',
  ],
  'clocks-unknown': ({ names }) => [
    `waits for the clocks of ${names.join(', ')} to be compared with the coordinator’s`,
    'their agents report it, right after their first call',
  ],
  'artifacts-pulled': ({ missing }) => [
    `waits for ${missing} artifact${missing === 1 ? '' : 's'} that the coordinator is fetching`,
    'they are in its store (coordinator get artifacts)',
  ],
  'candidates-away': ({ names }) => [
    `waits for the agents of ${names.join(', ')}, which have joined the control-plane pool and do not call`,
    'they call, or other hosts join the pool',
  ],
  undecidable: ({ why }) => [
    `cannot be decided: ${why}`,
    'what it names is mended; if it names nothing of yours, it is a defect of Muster',
  ],
  'identity-locked': ({ name, what, addresses }) => [
    `is locked, because two have its identity: it ${what}; heard from ${addresses.join(' and ')}`,
    `you have stopped the copy and run \`coordinator node approve ${name}\`, or \`coordinator node evict ${name}\``,
  ],
  'first-facts': () => ['waits for its first facts', 'its agent reports them'],
  'name-leaving': () => [
    'waits until the Node object of the host that had its name before is gone',
    'a master has deleted it',
  ],
  'left-out': ({ faults }) => [
    `is left out: ${faults.map(sentence).join('; ')}`,
    'the fault is mended, or the check is ignored (apply --ignore CHECK)',
  ],
  'clock-unknown': () => [
    'waits for its clock to be compared with the coordinator’s',
    'its agent reports it, right after its first call',
  ],
  spare: ({ pool, size }) => [
    `is spare: pool ${pool} has its ${size}`,
    'the pool’s size grows or one of its hosts is replaced',
  ],
  'no-auto-join': ({ pool }) => [
    `has joined the fleet, and pool ${pool} makes no nodes by itself`,
    `autoJoin is set on pool ${pool}`,
  ],
  'etcd-incomplete': () => [
    'waits with the first control plane until every etcd member is healthy',
    'the last control-plane host is prepared',
  ],
  'ca-digest-unknown': ({ planId, name }) => [
    `is held: plan ${planId} made the cluster’s keys and did not say which CA`,
    `you look at it (coordinator plan show ${planId}) and run \`coordinator retry ${name}\``,
  ],
  'change-under-way': ({ turn, change, subject, isAway }) => {
    const { does, ends } = changeWords[change];
    return [
      `waits ${turnWords[turn]}: ${subject} ${does}${isAway ? ', and its agent does not call' : ''}`,
      `${subject} ${ends}`,
    ];
  },
  'agent-before-join': () => [
    'waits for its agent before it joins the cluster',
    'the agent calls again',
  ],
  'no-master': () => ['waits for the first master', 'the control plane is up'],
  'masters-first': ({ names }) => [
    `waits for the control plane: ${names.join(', ')} still to join`,
    'the last master is ready',
  ],
  'no-delegate': ({ what }) => [
    `waits for ${what}: no master’s agent is calling`,
    'the agent of a master calls again',
  ],
  credentials: ({ from }) => [`waits for join credentials from ${from}`, `${from} has made them`],
  'too-few-nodes': ({ what, needed, online }) => [
    `waits with ${what}: it needs ${needed} nodes whose agents call, and there ${online === 1 ? 'is' : 'are'} ${online}`,
    'another node is there',
  ],
  'image-missing': ({ what, image }) => [
    `is held: ${what} needs ${image}, which is not in the coordinator’s store`,
    '`coordinator artifacts pull` has fetched it',
  ],
  cordoning: ({ owner }) => [`is being cordoned${forOwner(owner)}`, 'it takes no new pods'],
  uncordoning: ({ owner }) => [`is being uncordoned${forOwner(owner)}`, 'it takes pods again'],
  draining: ({ owner, left, blocking, overdueAtMs }, now) => [
    left === null
      ? `is being drained${forOwner(owner)}`
      : `is being drained${forOwner(owner)}: waits for ${describeBlocking(blocking, left)}`,
    `no pod is left on it, or in ${formatRest(Math.max(0, overdueAtMs - now))} at the latest`,
  ],
  'not-drained': ({ left, blocking, timeoutMs }) => [
    `could not be drained within ${formatAge(timeoutMs)}, and stays cordoned: ${left === null ? 'its pods were never counted' : describeBlocking(blocking, left)}`,
    'it is drained again (coordinator node drain) or given back (coordinator node uncordon)',
  ],
  'works-on': ({ goal, planId, doing }) => [
    `works on "${goal}"${doing === '' ? '' : `: ${doing}`}`,
    `plan ${planId} ends`,
  ],
  'not-taken': ({ goal, planId }) => [
    `works on "${goal}", not yet taken by its agent`,
    `plan ${planId} ends`,
  ],
  'was-doing': ({ goal, planId, isKnown }) => [
    isKnown
      ? `had "${goal}" to do when its agent last called`
      : `has "${goal}" to do, and its agent has not called since the coordinator started`,
    `the agent calls again and plan ${planId} ends`,
  ],
  'lane-busy': ({ goal, running, planId }) => [
    `waits to "${goal}" until "${running}" is over`,
    planId === null ? 'that plan ends' : `plan ${planId} ends`,
  ],
  'lane-full': ({ goal, count }) => [
    `waits to "${goal}": ${count} plans for the cluster come first`,
    'one of them ends',
  ],
  'agent-away': ({ heardMs }, now) => [
    `waits for its agent, which has not called for ${seconds(now - heardMs)}`,
    'the agent calls again',
  ],
  'backing-off': ({ goal, attempt, attempts, why, untilMs }, now) => [
    `repeats "${goal}" after attempt ${attempt} of ${attempts} failed: ${why}`,
    `the next attempt begins in ${Math.max(0, Math.ceil((untilMs - now) / 1000))} s`,
  ],
  held: ({ goal, why, planId, node }) => [
    `is held: "${goal}" failed: ${why}`,
    `you mend it and run \`coordinator retry ${node}\` (details: coordinator plan show ${planId})`,
  ],
  'rollout-stage': ({ rollout, stage, names, away }) => [
    `waits for rollout ${rollout}: ${stageWords[stage]}${names.length === 0 ? '' : ` (${list(names)})`}${away.length === 0 ? '' : `; ${list(away)} ${away.length === 1 ? 'does' : 'do'} not call`}`,
    away.length === 0 ? 'that is done' : `${list(away)} calls again`,
  ],
  'rollout-turn': ({ rollout, names }) => [
    `waits for its turn in rollout ${rollout}: ${list(names)} first`,
    `${list(names)} ${names.length === 1 ? 'is' : 'are'} done`,
  ],
  'rollout-soak': ({ rollout, names, untilMs }) => [
    `waits for its turn in rollout ${rollout}: ${list(names)} ${names.length === 1 ? 'has' : 'have'} to stay well until ${timeOfDay(untilMs)}`,
    'that time is over',
  ],
  'rollout-unwell': ({ rollout, names }) => [
    `waits for its turn in rollout ${rollout}: ${list(names)}, changed before, ${names.length === 1 ? 'is' : 'are'} not well`,
    `${list(names)} ${names.length === 1 ? 'is' : 'are'} Ready again, or you run \`coordinator rollout abort\``,
  ],
  'rollout-window': ({ rollout, opensMs }) => [
    `waits with rollout ${rollout} for a maintenance window`,
    opensMs === null
      ? 'never: no window of rollout.windows opens again'
      : `the next one opens at ${new Date(opensMs).toISOString()}`,
  ],
  'rollout-paused': ({ rollout, by }) => [
    `waits: rollout ${rollout} was paused${by === null ? '' : ` by ${by}`}`,
    'you run `coordinator rollout resume`',
  ],
  'rollout-stopped': ({ rollout, name, why }) => [
    `waits: rollout ${rollout} was stopped, because ${name} failed: ${why}`,
    'you mend it and run `coordinator rollout retry`, or apply a spec that works',
  ],
  'rollout-aborted': ({ rollout, by }) => [
    `is not as the spec says: rollout ${rollout} was aborted${by === null ? '' : ` by ${by}`} before its turn`,
    'you run `coordinator rollout retry`, or apply another spec',
  ],
  'rollout-left': ({ rollout, blocking }) => [
    blocking.length === 0
      ? `was left for later by rollout ${rollout}: its agent did not call when its turn came`
      : `was left for later by rollout ${rollout}: ${describeBlocking(blocking, blocking.length)}`,
    blocking.length === 0 ? 'its agent calls' : 'its turn comes again, within five minutes',
  ],
  'rollout-failed': ({ rollout, name, why, isTakenBack }) => [
    `failed in rollout ${rollout}${isTakenBack ? ' and was taken back to what it had' : ', and could not be taken back to what it had'}: ${why}`,
    `you mend it and run \`coordinator rollout retry ${name}\``,
  ],
  'rollout-first': ({ rollout }) => [
    `waits with the defragmentation of etcd: rollout ${rollout} is changing hosts`,
    'the rollout is over, or you run `coordinator rollout pause`',
  ],
  'upgrade-first': ({ version, serves }) => [
    `waits until every API server runs ${version} (now ${serves}): no kubelet may be newer`,
    'the rollout has changed the control plane (coordinator rollout status)',
  ],
  'older-agent': ({ goal, why, planId, node }) => [
    `is held: the agent of ${node} is older than the coordinator and does not know what "${goal}" asks for: ${why}`,
    `you run join.sh on ${node} again, which brings the agent of this coordinator and keeps what the host is, and then \`coordinator retry ${node}\` (details: coordinator plan show ${planId})`,
  ],
  'renewal-waits': ({ standing, endsMs }) => {
    const { what, ends } = renewalWords(standing);
    const when = endsMs === null ? '' : ` (the first ends on ${dayOf(endsMs)})`;
    return [`waits to have its certificates renewed${when}: ${what}`, ends];
  },
  'plan-refused': ({ goal, why }) => [
    `is held: no plan to "${goal}" can be made: ${why}`,
    'what it names is mended, on the host or in the spec',
  ],
  'join-refused': ({ wish, source, why, mend }) => [
    `may not ${wish === 'join' ? 'join' : 'come back'} from ${source}: ${why}`,
    mend,
  ],
};

/** @param now milliseconds since 1970 */
export function showWait(wait: Wait, now: number): ShownWait {
  const { subject, reason, sinceMs } = wait;
  // The row of a code takes the reasons of that code: what the index type cannot say.
  const words = table[reason.code] as (reason: WaitReason, now: number) => Words;
  const [what, endsWhen] = words(reason, now);
  return {
    code: reason.code,
    subject,
    for: what,
    sinceMs,
    endsWhen,
    kind: isHeld(wait) ? 'held' : 'waiting',
  };
}
