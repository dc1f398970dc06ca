// Sees a changed daemon set through on every node that is Ready. Nodes that are away are left for later:
// for the time of the step Kubernetes may have so many more of its pods missing as there are of them.
//
// A kube-proxy whose pod runs has laid no rules yet: each node's own is asked.
import { isAbort } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { type DaemonSetStanding, type ReadyNode, standingOf } from './daemon-set-standing.ts';
import { at, listAt, textAt } from './kube-object.ts';
import { accepted, getObject, lookPatiently, withAdminApi } from './kube-session.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { done, type Probe, waits, waitUntil } from './wait-until.ts';

type Args = StepArgs['roll-daemon-set'];

const everyMs = 500;
/** Of one kube-proxy's answer. */
const askMs = 2_000;
/** A node whose kube-proxy cannot be asked has its rules by then, as far as anybody can tell. */
const untoldMs = 10_000;
/** One that says for so long that it has none is named, and holds up nobody. */
const withoutMs = 60_000;
/** What `maxUnavailable` was before, while it is raised. */
const annotation = 'muster.dev/max-unavailable';

export const rollDaemonSet: StepRunner<'roll-daemon-set'> = {
  kind: 'roll-daemon-set',
  title: ({ namespace, name }) => `see ${namespace}/${name} through on every node`,

  async check(args, context) {
    return await withAdminApi(context, async (api) => {
      const { set, standing } = await lookPatiently(context, async () => await look(api, args));
      if (standing.lacks !== null) return { kind: 'needed', why: standing.lacks };
      if (raisedFrom(set) !== null)
        return { kind: 'needed', why: 'more may be missing than usual' };
      const silent = await withoutRules(args, standing.done, context);
      if (silent.length > 0) return { kind: 'needed', why: noRules(silent) };
      return { kind: 'satisfied', note: noteOf(standing) };
    });
  },

  async apply(args, context) {
    return await withAdminApi(context, async (api) => {
      let podsSinceMs: number | null = null;
      const probe = async (): Promise<Probe<DaemonSetStanding>> => {
        const { set, standing } = await look(api, args);
        if (standing.lacks !== null) {
          podsSinceMs = null;
          await raise(api, args, { set, by: standing.away.length });
          return waits(standing.lacks);
        }
        podsSinceMs ??= context.clock.boot();
        const silent = await withoutRules(args, standing.done, context);
        const sinceMs = context.clock.boot() - podsSinceMs;
        const isWaitedFor = ({ isAnswering }: Silent): boolean =>
          sinceMs < (isAnswering ? withoutMs : untoldMs);
        if (silent.some(isWaitedFor)) return waits(noRules(silent));
        if (silent.length > 0) context.progress(`goes on: ${noRules(silent)}`);
        await lower(api, args, set);
        return done(standing);
      };
      try {
        return { note: noteOf(await waitUntil(context, { everyMs, probe })) };
      } catch (thrown) {
        // What failed is nobody's leave to have more pods missing. A stop is: the step is taken up again.
        if (!isAbort(thrown)) await lower(api, args, await getObject(api, pathOf(args)));
        throw thrown;
      }
    });
  },

  // apply has seen all that can be seen: a node that cannot be asked is not asked again.
  verify: async () => {},
};

const noteOf = ({ done: there, away }: DaemonSetStanding): string =>
  `new on ${there.length} nodes${away.length > 0 ? `; away: ${away.slice(0, 5).join(', ')}` : ''}`;

interface Looked {
  readonly set: unknown;
  readonly standing: DaemonSetStanding;
}

const pathOf = ({ namespace, name }: Args): string =>
  `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/daemonsets/${encodeURIComponent(name)}`;

async function look(api: KubeApi, args: Args): Promise<Looked> {
  const set = await getObject(api, pathOf(args));
  if (set === null) {
    const lacks = `there is no ${args.name} in ${args.namespace} yet`;
    return { set, standing: { away: [], done: [], lacks } };
  }
  const labels = at(set, 'spec', 'selector', 'matchLabels') ?? {};
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  const query = `labelSelector=${encodeURIComponent(selector.join(','))}`;
  const namespace = encodeURIComponent(args.namespace);
  const [revisions, nodes, pods] = await Promise.all([
    items(api, `/apis/apps/v1/namespaces/${namespace}/controllerrevisions?${query}`),
    items(api, '/api/v1/nodes'),
    items(api, `/api/v1/namespaces/${namespace}/pods?${query}`),
  ]);
  return { set, standing: standingOf({ set, revisions, nodes, pods }) };
}

const items = async (api: KubeApi, path: string): Promise<readonly unknown[]> =>
  listAt(await getObject(api, path), 'items');

/** Null: it is not raised. */
function raisedFrom(set: unknown): number | null {
  const text = textAt(set, 'metadata', 'annotations', annotation);
  return /^\d+$/.test(text) ? Number(text) : null;
}

const mostMissing = (set: unknown): unknown =>
  at(set, 'spec', 'updateStrategy', 'rollingUpdate', 'maxUnavailable');

/** A share of the nodes is left as it is: whoever chose one has thought of nodes that are away. */
async function raise(
  api: KubeApi,
  args: Args,
  { set, by }: { readonly set: unknown; readonly by: number },
): Promise<void> {
  const now = mostMissing(set);
  if (typeof now !== 'number') return;
  const before = raisedFrom(set) ?? now;
  if (before + by === now) return;
  await putMostMissing(api, args, { most: before + by, before });
}

async function lower(api: KubeApi, args: Args, set: unknown): Promise<void> {
  const before = raisedFrom(set);
  if (before !== null) await putMostMissing(api, args, { most: before, before: null });
}

async function putMostMissing(
  api: KubeApi,
  args: Args,
  { most, before }: { readonly most: number; readonly before: number | null },
): Promise<void> {
  const answer = await api.request('PATCH', pathOf(args), {
    body: {
      metadata: { annotations: { [annotation]: before === null ? null : String(before) } },
      spec: { updateStrategy: { rollingUpdate: { maxUnavailable: most } } },
    },
    contentType: 'application/merge-patch+json',
  });
  accepted(`patch ${args.namespace}/${args.name}`, answer);
}

interface Silent extends ReadyNode {
  /** It answers, and has laid none yet. */
  readonly isAnswering: boolean;
}

/** Nodes that do not say that their kube-proxy has laid its rules. */
async function withoutRules(
  { proxyPort }: Args,
  nodes: readonly ReadyNode[],
  context: StepContext,
): Promise<readonly Silent[]> {
  if (proxyPort === undefined) return [];
  const asked = nodes.map(async (node): Promise<readonly Silent[]> => {
    const rules = await rulesAt(`http://${node.address}:${proxyPort}/healthz`, context);
    return rules === 'laid' ? [] : [{ ...node, isAnswering: rules === 'none' }];
  });
  return (await Promise.all(asked)).flat();
}

/** Its answer tells of each IP family from the first rules on, and is 200 before them as well. */
async function rulesAt(
  url: string,
  { httpGet, signal }: StepContext,
): Promise<'laid' | 'none' | 'unknown'> {
  try {
    const { text } = await httpGet(url, AbortSignal.any([signal, AbortSignal.timeout(askMs)]));
    return Object.keys(at(JSON.parse(text), 'status') ?? {}).length > 0 ? 'laid' : 'none';
  } catch {
    signal.throwIfAborted();
    return 'unknown';
  }
}

const noRules = (silent: readonly Silent[]): string =>
  `kube-proxy of ${silent
    .slice(0, 5)
    .map(({ name }) => name)
    .join(', ')} has not said that its rules are laid`;
