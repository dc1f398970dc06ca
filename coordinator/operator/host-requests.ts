// What operators ask about one host of a cluster: to cordon it, to drain it, to give it back. A request
// is a record whose id the caller makes, so that asking again is the same request; what has become of
// it follows from the plans made for it (planner/drain.ts), and the newest about a host is what counts.
import { sha256Hex } from '../../shared/canonical.ts';
import { describeBlockingPod } from '../../shared/drain-words.ts';
import { formatAge } from '../../shared/duration.ts';
import { AppError } from '../../shared/errors.ts';
import type { DrainLimits, DrainState } from '../planner/drain.ts';
import {
  type HostRequestState,
  newestRequests,
  stateOfRequest,
} from '../planner/goals/host-requests.ts';
import { isNode, type Situation, situationOf } from '../planner/situation.ts';
import { topologyOf } from '../planner/topology.ts';
import type { Wait } from '../planner/wait.ts';
import { stateOf } from '../planner/want.ts';
import { type HostRequest, keys, type NodeRecord } from '../store/records.ts';
import type { OperatorDependencies } from './dependencies.ts';
import { changeOrTimeout, recordRequest } from './requests.ts';
import { showWait } from './wait-sentences.ts';

type Dependencies = Pick<OperatorDependencies, 'store' | 'clock' | 'audit' | 'clusters' | 'feed'>;

export interface HostRequestInput {
  readonly requestId: string;
  readonly action: string;
  readonly name: string;
  /** What the caller has been told already. */
  readonly known: string;
  readonly timeoutSeconds: number;
  readonly hasGrace: boolean;
  readonly graceSeconds: number;
  readonly deleteEmptyDirData: boolean;
  readonly evictUnmanaged: boolean;
  readonly disableEviction: boolean;
}

export interface HostRequestAnswer {
  /** overdue: a drain that did not come to its end in time. */
  readonly state: 'pending' | 'done' | 'failed' | 'overdue';
  /** The first tells it; the others name what is in the way. */
  readonly lines: readonly string[];
}

const pollMs = 20_000;
/** Longer than requests are remembered would mean to drain for ever. */
const longestTimeoutSeconds = 24 * 3_600;
const longestGraceSeconds = 24 * 3_600;

/** @throws AppError usage, not-found, refused (it is no node of a cluster) */
export async function requestOfHost(
  deps: Dependencies,
  input: HostRequestInput,
  signal: AbortSignal,
): Promise<HostRequestAnswer> {
  const node = await findNode(deps, input.name);
  const id = `h${sha256Hex(JSON.stringify([node.cluster, input.requestId])).slice(0, 15)}`;
  const known = await deps.store.get<HostRequest>(keys.request(id));
  const request = known?.value ?? (await begin(deps, input, { id, node }));
  const untilMs = deps.clock.boot() + pollMs;
  for (;;) {
    const after = await deps.store.revision();
    const answer = await answerTo(deps, request);
    const leftMs = untilMs - deps.clock.boot();
    const isNews = answer.state !== 'pending' || answer.lines.join('\n') !== input.known;
    if (isNews || leftMs <= 0) return answer;
    const { store, clock } = deps;
    await changeOrTimeout({ store, clock, after, ms: Math.min(leftMs, 5_000), signal });
  }
}

/** Of two of a name the one that is a member. */
async function findNode({ store }: Dependencies, name: string): Promise<NodeRecord> {
  const all = (await store.range<NodeRecord>(keys.nodes)).map(({ value }) => value);
  const named = all.filter((record) => record.name === name);
  const node = named.find(({ state }) => state === 'active') ?? named[0];
  if (node === undefined) {
    throw new AppError(
      'not-found',
      `there is no node ${name}; \`coordinator get nodes\` lists them`,
    );
  }
  return node;
}

async function begin(
  deps: Dependencies,
  input: HostRequestInput,
  { id, node }: { readonly id: string; readonly node: NodeRecord },
): Promise<HostRequest> {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(input.requestId)) {
    throw new AppError('usage', 'a request id is up to 63 lower-case letters, digits and dashes');
  }
  const asked = { id, cluster: node.cluster, node: node.id, createdMs: deps.clock.now() };
  const request = requestFrom(input, asked);
  await requireNode(deps, node);
  const words = { cordon: 'cordon', drain: 'drain', uncordon: 'uncordon' } as const;
  await recordRequest(deps, request, `${words[request.kind]} of ${node.name} asked for`);
  // Somebody with the same id came first: theirs is the one.
  return (await deps.store.get<HostRequest>(keys.request(id)))?.value ?? request;
}

type Asked = Omit<Extract<HostRequest, { kind: 'cordon' | 'uncordon' }>, 'kind'>;

function requestFrom(input: HostRequestInput, asked: Asked): HostRequest {
  const { action } = input;
  if (action === 'cordon' || action === 'uncordon') return { kind: action, ...asked };
  if (action !== 'drain') {
    throw new AppError('usage', `a node is cordoned, drained or uncordoned, not "${action}"`);
  }
  const { timeoutSeconds, graceSeconds } = input;
  if (timeoutSeconds < 1 || timeoutSeconds > longestTimeoutSeconds) {
    throw new AppError('usage', `a drain may take 1 s to 24 h, not ${timeoutSeconds} s`);
  }
  if (graceSeconds > longestGraceSeconds) {
    throw new AppError('usage', `a pod may have at most 24 h to end, not ${graceSeconds} s`);
  }
  const limits: DrainLimits = {
    timeoutMs: timeoutSeconds * 1_000,
    podGraceSeconds: input.hasGrace ? graceSeconds : null,
    evictUnmanaged: input.evictUnmanaged,
    deleteEmptyDirData: input.deleteEmptyDirData,
    disableEviction: input.disableEviction,
    // Asked for by name.
    alone: 'drain',
  };
  return { kind: 'drain', ...asked, limits };
}

async function requireNode(deps: Dependencies, node: NodeRecord): Promise<void> {
  const situation = await situationNow(deps, node.cluster);
  const member = situation?.topology.byId.get(node.id);
  if (situation !== null && member !== undefined && isNode(situation, member)) return;
  const why = node.state === 'active' ? 'is no node of its cluster yet' : `is ${node.state}`;
  throw new AppError(
    'refused',
    `${node.name} ${why}: only nodes can be cordoned and drained (\`coordinator explain ${node.name}\`)`,
  );
}

async function situationNow(deps: Dependencies, cluster: string): Promise<Situation | null> {
  const view = await deps.clusters.view(cluster);
  if (view === null) return null;
  return situationOf({ view, topology: topologyOf(view), faults: [], now: deps.clock.now() });
}

async function answerTo(deps: Dependencies, request: HostRequest): Promise<HostRequestAnswer> {
  const situation = await situationNow(deps, request.cluster);
  const member = situation?.topology.byId.get(request.node);
  if (situation === null || member === undefined) {
    return failed('the host has left the fleet meanwhile');
  }
  const { name } = member;
  const newest = newestRequests(situation.view.requests).find(({ node }) => node === request.node);
  // Its record may not be in the view yet.
  if (newest !== undefined && newest.id !== request.id && newest.createdMs >= request.createdMs) {
    return failed(`${name}: another request has taken its place: ${newest.kind} ${name}`);
  }
  const of = stateOfRequest(situation, request, member);
  const answer = ended(of, name, request);
  if (answer !== null) return answer;
  const { want, wait } = of.state;
  const goal = want === null ? null : stateOf(situation, want);
  if (goal?.kind === 'held') {
    const { nodeName, error, message, planId, state } = goal.plan;
    const why = error?.message ?? message ?? `plan ${planId} was ${state}`;
    return failed(`${nodeName}: ${why} (coordinator plan show ${planId})`);
  }
  return { state: 'pending', lines: pendingLines(of, wait, deps.clock.now()) };
}

/** Null while it goes on. */
function ended(
  { kind, state }: HostRequestState,
  name: string,
  request: HostRequest,
): HostRequestAnswer | null {
  switch (kind) {
    case 'cordon':
      if (state.state !== 'cordoned') return null;
      if (state.by === 'gone') return failed(gone(name));
      return done(
        state.by === 'ours'
          ? `${name} is cordoned: no new pods come to it`
          : `${name} was cordoned already`,
      );
    case 'uncordon':
      if (state.state !== 'uncordoned') return null;
      return done(`${name} takes pods again`);
    case 'drain': {
      if (state.by === 'gone') return failed(gone(name));
      if (state.state === 'drained') return done(`${name} is drained, and stays cordoned`);
      if (state.state !== 'overdue' || request.kind !== 'drain') return null;
      const within = formatAge(request.limits.timeoutMs);
      const left = state.left === null ? 'its pods were not counted' : pods(state.left);
      const what = `${name} is not drained within ${within}, and stays cordoned: ${left}`;
      return { state: 'overdue', lines: [what, ...blockingLines(state)] };
    }
  }
}

function pendingLines(
  { kind, state }: HostRequestState,
  wait: Wait | null,
  now: number,
): readonly string[] {
  if (kind === 'drain' && state.state === 'draining' && state.left !== null && wait !== null) {
    return [`${wait.subject}: ${pods(state.left)}`, ...blockingLines(state)];
  }
  if (wait === null) return [];
  return [`${wait.subject} ${showWait(wait, now).for}`];
}

const blockingLines = ({ blocking, left }: DrainState): readonly string[] => {
  const others = (left ?? 0) - blocking.length;
  const lines = blocking.map(describeBlockingPod);
  return others > 0 ? [...lines, `and ${others} more`] : lines;
};

const pods = (left: number): string => `${left} pod${left === 1 ? ' is' : 's are'} left`;
const gone = (name: string): string => `${name} has no Node object in the cluster`;
const done = (line: string): HostRequestAnswer => ({ state: 'done', lines: [line] });
const failed = (line: string): HostRequestAnswer => ({ state: 'failed', lines: [line] });
