// The Kubernetes node of this host, asked for with the kubelet's own credential and through the same
// proxy as the kubelet: what the cluster thinks of the host, and whether the host reaches the cluster.
import { AppError, isAbort } from '../../shared/errors.ts';
import type { NodeHealth } from '../../shared/model/health.ts';
import { unwantedAnswer } from '../host/kube-api.ts';
import { type KubeCredentials, nodeNameOf, readKubeconfig } from '../host/kubeconfig.ts';
import { kubernetes } from '../steps/kubernetes-paths.ts';
import { otherMachine } from '../steps/own-machine.ts';
import { type HealthSources, inBrief, whyNot } from './health-sources.ts';

/** Null where no kubelet has joined a cluster. */
export async function nodeHealth(sources: HealthSources): Promise<NodeHealth | null> {
  const { host, cluster, limitMs, signal, since } = sources;
  if ((await host.stat(kubernetes.kubeletConfig)) === null) return null;
  try {
    const credentials = await readKubeconfig(host, kubernetes.kubeletConfig);
    const name = nodeName(credentials);
    const path = `/api/v1/nodes/${encodeURIComponent(name)}`;
    const answer = await cluster.request('GET', path, { credentials, limitMs });
    if (answer.status === 404)
      return { kind: 'missing', name, sinceMs: since.of('node', 'missing') };
    if (answer.status !== 200) throw unwantedAnswer(`the node ${name}`, answer);
    const other = await otherMachine(answer.body, host);
    since.of('node', 'seen');
    if (other !== null) return notOurs(sources, name, other);
    const conditions = conditionsOf(answer.body);
    return {
      kind: 'seen',
      name,
      ...readiness(sources, conditions),
      pressures: pressuresOf(sources, conditions),
    };
  } catch (thrown) {
    signal.throwIfAborted();
    if (isAbort(thrown)) throw thrown;
    const message = inBrief(whyNot(thrown));
    return { kind: 'unreachable', message, sinceMs: since.of('node', 'unreachable') };
  }
}

/** Whatever another machine's kubelet says of itself is no word about this host. */
function notOurs({ since }: HealthSources, name: string, other: string): NodeHealth {
  return {
    kind: 'seen',
    name,
    ready: 'Unknown',
    reason: 'OtherMachine',
    message: inBrief(`the Node object ${name} ${other}`),
    sinceMs: since.of('ready', 'OtherMachine'),
    pressures: [],
  };
}

interface Condition {
  readonly type?: unknown;
  readonly status?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly lastTransitionTime?: unknown;
}

function conditionsOf(body: unknown): readonly Condition[] {
  const { status } = (body ?? {}) as { readonly status?: { readonly conditions?: unknown } };
  return Array.isArray(status?.conditions) ? (status.conditions as readonly Condition[]) : [];
}

function readiness(
  { since }: HealthSources,
  conditions: readonly Condition[],
): Pick<NodeHealth & { kind: 'seen' }, 'ready' | 'reason' | 'message' | 'sinceMs'> {
  const found = conditions.find(({ type }) => type === 'Ready');
  const ready = found?.status === 'True' || found?.status === 'False' ? found.status : 'Unknown';
  const seenMs = since.of('ready', ready);
  return {
    ready,
    reason: (text(found?.reason) || 'NoCondition').slice(0, 80),
    message: ready === 'True' ? '' : inBrief(text(found?.message)),
    sinceMs: changedMs(found) ?? seenMs,
  };
}

const pressuresOf = (
  sources: HealthSources,
  conditions: readonly Condition[],
): (NodeHealth & { kind: 'seen' })['pressures'] =>
  conditions
    .filter(({ type, status }) => type !== 'Ready' && status === 'True')
    .map((condition) => {
      const type = text(condition.type).slice(0, 80);
      return { type, sinceMs: changedMs(condition) ?? sources.since.of(type, 'True') };
    })
    .toSorted((a, b) => (a.type < b.type ? -1 : 1));

function changedMs(condition: Condition | undefined): number | null {
  const ms = Date.parse(text(condition?.lastTransitionTime));
  return Number.isNaN(ms) ? null : ms;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function nodeName(credentials: KubeCredentials): string {
  const name = nodeNameOf(credentials);
  if (name !== null) return name;
  throw new AppError('invalid', `${kubernetes.kubeletConfig} has no certificate of a node`);
}
