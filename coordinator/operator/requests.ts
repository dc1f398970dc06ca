// What an operator asks a cluster to do once: sign a key, run the smoke test. A request is a record
// whose id follows from what is asked, so that asking again is the same request; the answer is in
// the outputs of the plan that the planner makes for it.

import { isOf } from '../../shared/alphabets.ts';
import { sha256Hex } from '../../shared/canonical.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError, isAbort } from '../../shared/errors.ts';
import { following } from '../../shared/following.ts';
import type { StepOutputs } from '../../shared/model/progress.ts';
import type { StepKind } from '../../shared/model/step.ts';
import { type GoalKind, isAbout } from '../plan-records/goal-key.ts';
import { goalState } from '../planner/goal-state.ts';
import { topologyOf } from '../planner/topology.ts';
import {
  type ClusterRecord,
  keys,
  type OperatorRequest,
  type PlanRecord,
} from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { onlyCluster } from './clusters.ts';
import type { OperatorDependencies } from './dependencies.ts';
import { noteOperator } from './note.ts';
import { showWait } from './wait-sentences.ts';

export type RequestDependencies = Pick<
  OperatorDependencies,
  'store' | 'clock' | 'audit' | 'clusters' | 'feed'
>;

const pollMs = 20_000;
const longestUserTtlSeconds = 7 * 24 * 3600;

export interface CertificateInput {
  readonly csrPem: string;
  readonly user: string;
  readonly ttlSeconds: number;
}

export interface CertificateAnswer {
  readonly pending: boolean;
  readonly certificatePem: string;
  readonly caPem: string;
  readonly servers: string[];
  readonly cluster: string;
  readonly waitsFor: string;
}

/** @throws AppError usage, refused (no control plane; the cluster did not sign) */
export async function requestCertificate(
  deps: RequestDependencies,
  input: CertificateInput,
  signal: AbortSignal,
): Promise<CertificateAnswer> {
  if (!input.csrPem.includes('BEGIN CERTIFICATE REQUEST') || !isOf('pem', input.csrPem)) {
    throw new AppError('usage', 'a certificate request in PEM is needed');
  }
  if (!/^[a-z0-9][a-z0-9._@-]{0,62}$/i.test(input.user)) {
    throw new AppError(
      'usage',
      `${JSON.stringify(input.user)} is not a user name: letters, digits, dots, dashes and @`,
    );
  }
  if (!(input.ttlSeconds >= 600 && input.ttlSeconds <= longestUserTtlSeconds)) {
    throw new AppError(
      'usage',
      `a kubeconfig lives 10 minutes to 7 days, not ${input.ttlSeconds} s`,
    );
  }
  const { value: cluster } = await onlyCluster(deps.store);
  const id = `c${sha256Hex(JSON.stringify([cluster.name, input])).slice(0, 15)}`;
  const base = { certificatePem: '', caPem: '', servers: [], cluster: cluster.name };
  const { name } = cluster;
  const asked = { id, cluster: name, createdMs: deps.clock.now(), ...input };
  const text = `kubeconfig for ${input.user} asked for`;
  await recordRequest(deps, { kind: 'user-certificate', ...asked }, text);
  const plan = await planFor(
    deps,
    { id, goal: 'user-certificate', kind: 'issue-user-certificate', cluster: cluster.name },
    signal,
  );
  if (plan.state === 'pending') return { ...base, pending: true, waitsFor: plan.waitsFor };
  if (plan.state === 'failed')
    throw new AppError('refused', `the cluster did not sign the certificate: ${plan.message}`);
  const servers = await serversOf(deps, cluster.name);
  const { certificate = '', ca = '' } = plan.outputs;
  return { ...base, pending: false, certificatePem: certificate, caPem: ca, servers, waitsFor: '' };
}

export interface SmokeAnswer {
  readonly pending: boolean;
  readonly passed: boolean;
  readonly lines: string[];
}

export async function requestSmokeTest(
  deps: RequestDependencies,
  runId: string,
  signal: AbortSignal,
): Promise<SmokeAnswer> {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(runId)) {
    throw new AppError('usage', 'a run id is up to 31 lower-case letters, digits and dashes');
  }
  const { value: cluster } = await onlyCluster(deps.store);
  const id = `s${sha256Hex(JSON.stringify([cluster.name, runId])).slice(0, 15)}`;
  const asked = { id, cluster: cluster.name, createdMs: deps.clock.now() };
  await recordRequest(deps, { kind: 'smoke-test', ...asked }, 'smoke test asked for');
  const goal = 'smoke-test';
  const sought = { id, goal, kind: goal, cluster: cluster.name } as const;
  const plan = await planFor(deps, sought, signal);
  if (plan.state === 'pending') return { pending: true, passed: false, lines: [plan.waitsFor] };
  if (plan.state === 'failed')
    return { pending: false, passed: false, lines: [...linesOf(plan.outputs), plan.message] };
  return { pending: false, passed: true, lines: linesOf(plan.outputs) };
}

function linesOf(outputs: StepOutputs): string[] {
  const text = outputs['lines'] ?? '';
  if (text === '') return [];
  return text.startsWith('[') ? (JSON.parse(text) as string[]) : text.split('\n');
}

/** @param text for the audit log and the feed: "smoke test asked for" */
export async function recordRequest(
  deps: Pick<RequestDependencies, 'store' | 'audit' | 'feed' | 'clock'>,
  request: OperatorRequest,
  text: string,
): Promise<void> {
  const { cluster } = request;
  const stored = await deps.store.get<ClusterRecord>(keys.cluster(cluster));
  if (stored === null || stored.value.masters.length === 0) {
    throw new AppError(
      'refused',
      `cluster ${cluster} has no control plane yet: \`coordinator explain\` says what it waits for`,
    );
  }
  const put = await deps.store.put(keys.request(request.id), request, 0);
  if (put.kind === 'conflict') return;
  await noteOperator(deps, {
    call: request.kind,
    cluster,
    text,
    fields: { requestId: request.id },
  });
}

export type PlanAnswer =
  | { readonly state: 'pending'; readonly waitsFor: string }
  | { readonly state: 'done'; readonly outputs: StepOutputs }
  | { readonly state: 'failed'; readonly message: string; readonly outputs: StepOutputs };

export interface Sought {
  readonly id: string;
  readonly goal: Extract<GoalKind, 'user-certificate' | 'smoke-test' | 'snapshot'>;
  /** The step whose outputs are the answer. */
  readonly kind: StepKind;
  readonly cluster: string;
}

/** Waits for the plan's end, at most one long poll. */
export async function planFor(
  deps: RequestDependencies,
  sought: Sought,
  signal: AbortSignal,
): Promise<PlanAnswer> {
  const until = deps.clock.boot() + pollMs;
  for (;;) {
    const revision = await deps.store.revision();
    const answer = judgePlans(await plansOf(deps.store, sought), sought, deps);
    const left = until - deps.clock.boot();
    if (answer.state !== 'pending' || left <= 0) return answer;
    await changeOrTimeout({
      store: deps.store,
      clock: deps.clock,
      after: revision,
      ms: left,
      signal,
    });
  }
}

async function plansOf(store: Store, { id, goal }: Sought): Promise<PlanRecord[]> {
  const plans = (await store.range<PlanRecord>(keys.plans)).map((stored) => stored.value);
  return plans
    .filter(({ goalKey }) => isAbout(goalKey, goal, id))
    .sort((a, b) => a.issuedMs - b.issuedMs || a.sequence - b.sequence);
}

/** The goal's own rules say whether there will be another attempt. */
function judgePlans(
  plans: readonly PlanRecord[],
  sought: Sought,
  deps: RequestDependencies,
): PlanAnswer {
  const done = plans.find((plan) => plan.state === 'done');
  if (done !== undefined) return { state: 'done', outputs: outputsOf(done, sought.kind) };
  const last = plans.at(-1);
  if (last === undefined) return { state: 'pending', waitsFor: waitsFor(deps, sought) };
  const mine = plans.filter(({ nodeId }) => nodeId === last.nodeId);
  const { kind } = goalState(mine, { key: last.goalKey, now: deps.clock.now() });
  if (kind !== 'held') {
    return { state: 'pending', waitsFor: `${last.nodeName}: ${last.goal} (${last.state})` };
  }
  const message = last.error?.message ?? last.message ?? `plan ${last.planId} was ${last.state}`;
  return {
    state: 'failed',
    message: `${last.nodeName}: ${message} (coordinator plan show ${last.planId})`,
    outputs: outputsOf(last, sought.kind),
  };
}

/** What the planner says of this request. */
export function waitsFor(
  deps: RequestDependencies,
  { id, cluster }: Pick<Sought, 'id' | 'cluster'>,
): string {
  const waits = deps.clusters.latestDecision(cluster)?.waits ?? [];
  const own = waits.find(({ request }) => request === id);
  if (own === undefined) return 'a control-plane host to take it';
  const shown = showWait(own, deps.clock.now());
  return `${shown.subject} ${shown.for}`;
}

function outputsOf(plan: PlanRecord, kind: StepKind): StepOutputs {
  const step = plan.stages
    .flatMap((stage) => stage.steps)
    .find((candidate) => candidate.kind === kind);
  return plan.steps.find((progress) => progress.stepId === step?.id)?.outputs ?? {};
}

/** One per master, or the operator's own balancer. */
async function serversOf(deps: RequestDependencies, cluster: string): Promise<string[]> {
  const view = await deps.clusters.view(cluster);
  if (view === null) return [];
  const { endpoint } = view.cluster.spec.controlPlane;
  if (endpoint !== 'local-proxy') return [`https://${endpoint.address}`];
  const { byId } = topologyOf(view);
  return view.cluster.masters.flatMap((id) => {
    const address = byId.get(id)?.address ?? '';
    return address === '' ? [] : [`https://${address}:6443`];
  });
}

/** Resolves at a change of the store or after `ms`. @throws AbortError when the caller went away. */
export async function changeOrTimeout(wait: {
  readonly store: Pick<Store, 'changed'>;
  readonly clock: Clock;
  readonly after: number;
  readonly ms: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const either = following(wait.signal);
  const { signal } = either;
  const quiet = (thrown: unknown): void => {
    if (!isAbort(thrown)) throw thrown;
  };
  try {
    await Promise.race([
      wait.store.changed(wait.after, signal).catch(quiet),
      wait.clock.sleep(wait.ms, signal).catch(quiet),
    ]);
  } finally {
    either.end();
  }
  wait.signal.throwIfAborted();
}
