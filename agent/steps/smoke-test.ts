// Proves a cluster's network by using it: two pods on two nodes reach each other by address, through a
// Service by its address and by its name, and every node answers on the node port. Each check is
// tried until it passes or the step's time ends; what was made is deleted in any case.
import { AppError, toAppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { readKubeconfig } from '../host/kubeconfig.ts';
import { conditionOf, listAt, numberAt, textAt } from './kube-object.ts';
import { deleteObject, getObject, serverSideApply, withAdminApi } from './kube-session.ts';
import { kubernetes } from './kubernetes-paths.ts';
import {
  HTTP_PORT,
  namespaceFor,
  namespacePath,
  podPath,
  SERVICE,
  SERVICE_PORT,
  type SmokePod,
  servicePath,
  smokeNamespace,
  smokeObjects,
  smokePods,
} from './smoke-manifest.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { done, type Probe, patiently, waits, waitUntil } from './wait-until.ts';

const tryMs = 5_000;
const everyMs = 300;
const atOnce = 32;
/** Left of the step's time for saying what failed and for cleaning up. */
const reserveMs = 10_000;

interface Check {
  readonly title: string;
  /** @throws with what was seen instead */
  readonly run: () => Promise<void>;
}

interface Passed {
  readonly line: string;
  readonly failure: string | null;
}

export const smokeTest: StepRunner<'smoke-test'> = {
  kind: 'smoke-test',
  title: ({ nodes }) => `smoke test over ${nodes.length} nodes`,

  check: async () => ({ kind: 'needed', why: 'a test is run each time' }),

  async apply(args, context) {
    const namespace = namespaceFor(args.runId);
    if (!/^[a-z0-9-]{1,63}$/.test(namespace) || args.nodes.length === 0) {
      throw new AppError('invalid', `no smoke test ${args.runId} over ${args.nodes.length} nodes`);
    }
    const { clock, timeoutMs } = context;
    const endsAt = clock.boot() + timeoutMs - Math.min(reserveMs, timeoutMs / 5);
    const inTime: StepContext = { ...context, timeoutMs: endsAt - clock.boot() };
    try {
      const lines = await withAdminApi(context, async (api) => {
        const checks = await prepare(args, { namespace, context: inTime, api });
        return await runChecks(checks, context, endsAt);
      });
      return {
        outputs: { lines: lines.join('\n'), result: 'passed' },
        note: `${lines.length} checks passed`,
      };
    } finally {
      await cleanUp(namespace, context);
    }
  },

  // Every check has passed before apply ends.
  verify: async () => {},
};

interface Stand {
  readonly namespace: string;
  readonly context: StepContext;
  readonly api: KubeApi;
}

async function prepare(args: StepArgs['smoke-test'], stand: Stand): Promise<readonly Check[]> {
  const { namespace, context, api } = stand;
  const pods = smokePods(args.nodes);
  await makeNamespace(stand);
  for (const { path, document } of smokeObjects(namespace, args.image, pods)) {
    await patiently(context, async () => await serverSideApply(api, path, document));
  }
  const placed = [];
  for (const pod of pods) {
    const probe = async () => judgePod(pod, await getObject(api, podPath(namespace, pod.name)));
    placed.push({ ...pod, address: await waitUntil(context, { everyMs, probe }) });
  }
  const service = await patiently(context, async () => {
    return await getObject(api, servicePath(namespace));
  });
  return checksOf(args, { stand, placed, service });
}

/** An earlier run's namespace may still be going away; its service account comes a moment after it. */
async function makeNamespace({ namespace, context, api }: Stand): Promise<void> {
  const path = namespacePath(namespace);
  const isThere = async (): Promise<Probe<null>> => {
    const found = await getObject(api, path);
    if (textAt(found, 'metadata', 'deletionTimestamp') === '') return done(null);
    return waits(`namespace ${namespace} of an earlier run is still going away`);
  };
  await waitUntil(context, { everyMs, probe: isThere });
  const { document } = smokeNamespace(namespace);
  await patiently(context, async () => await serverSideApply(api, path, document));
  const hasAccount = async (): Promise<Probe<null>> => {
    const account = await getObject(api, `${path}/serviceaccounts/default`);
    return account === null
      ? waits(`namespace ${namespace} has no service account yet`)
      : done(null);
  };
  await waitUntil(context, { everyMs: 100, probe: hasAccount });
}

function judgePod(pod: SmokePod, object: unknown): Probe<string> {
  const address = textAt(object, 'status', 'podIP');
  if (conditionOf(object, 'Ready')?.status === 'True' && address !== '') return done(address);
  const waiting = listAt(object, 'status', 'containerStatuses')
    .map((status) => {
      const reason = textAt(status, 'state', 'waiting', 'reason');
      return `${reason} ${textAt(status, 'state', 'waiting', 'message')}`.trim();
    })
    .find((reason) => reason !== '');
  const phase = textAt(object, 'status', 'phase') || 'not there';
  return waits(`${pod.name} on ${pod.node} is not ready: ${waiting ?? phase}`);
}

interface Placed extends SmokePod {
  readonly address: string;
}

function checksOf(
  args: StepArgs['smoke-test'],
  made: { readonly stand: Stand; readonly placed: readonly Placed[]; readonly service: unknown },
): readonly Check[] {
  const { stand, placed, service } = made;
  const { signal, httpGet } = stand.context;
  const clusterIp = textAt(service, 'spec', 'clusterIP');
  const nodePort = numberAt(listAt(service, 'spec', 'ports')[0], 'nodePort');
  const dns = `${SERVICE}.${stand.namespace}.svc.${args.clusterDomain}`;
  const either = placed.map(({ name }) => name);
  const dialled = (from: Placed, host: string, expected: readonly string[], port: number) => {
    return async () => await dial(stand, { from, host, port, expected });
  };

  const checks: Check[] = [];
  for (const [from, to] of [placed, placed.toReversed()]) {
    if (from === undefined || to === undefined) continue;
    checks.push({
      title: `pod on ${from.node} → pod ${to.address} on ${to.node} by IP`,
      run: dialled(from, to.address, [to.name], HTTP_PORT),
    });
  }
  for (const from of placed) {
    checks.push({
      title: `pod on ${from.node} → service ${clusterIp} by IP`,
      run: dialled(from, clusterIp, either, SERVICE_PORT),
    });
    checks.push({
      title: `pod on ${from.node} → service ${dns} by name`,
      run: dialled(from, dns, either, SERVICE_PORT),
    });
  }
  for (const { name, address } of args.nodes) {
    const host = address.includes(':') ? `[${address}]` : address;
    const url = `http://${host}:${nodePort}/hostname`;
    checks.push({
      title: `this host → node port ${nodePort} of ${name} (${address})`,
      run: async () => {
        const answer = await httpGet(url, AbortSignal.any([signal, AbortSignal.timeout(tryMs)]));
        mustBe(answer.text.trim(), either, answer.status);
      },
    });
  }
  return checks;
}

interface Dialling {
  readonly from: Placed;
  readonly host: string;
  readonly port: number;
  readonly expected: readonly string[];
}

/** Has a pod ask another one for its name, through the API server's way into the pod. */
async function dial({ api, namespace }: Stand, dialling: Dialling): Promise<void> {
  const { from, host, port, expected } = dialling;
  const query = new URLSearchParams({
    ...{ host, port: String(port), protocol: 'http', request: 'hostname', tries: '1' },
  });
  const pod = podPath(namespace, `${from.name}:${HTTP_PORT}`);
  const answer = await api.request('GET', `${pod}/proxy/dial?${query.toString()}`, {
    timeoutMs: tryMs,
  });
  const response = textAt(answer.body, 'responses', '0');
  const error = textAt(answer.body, 'errors', '0');
  mustBe((response || error || answer.text).trim(), expected, answer.status);
}

function mustBe(seen: string, expected: readonly string[], status: number): void {
  if (status === 200 && expected.includes(seen)) return;
  throw new AppError('not-ready', `answered ${status} ${JSON.stringify(seen.slice(0, 300))}`, {
    retryable: true,
  });
}

/** Round after round over what has not passed yet. @throws AppError not-ready; AbortError */
async function runChecks(
  checks: readonly Check[],
  { clock, signal, progress }: StepContext,
  endsAt: number,
): Promise<readonly string[]> {
  const results = new Map<Check, Passed>();
  const pending = (): readonly Check[] =>
    checks.filter((check) => results.get(check)?.failure !== null);
  for (;;) {
    const round = pending();
    for (let first = 0; first < round.length; first += atOnce) {
      await Promise.all(
        round.slice(first, first + atOnce).map(async (check) => {
          results.set(check, await tryCheck(check, { clock, signal }));
        }),
      );
    }
    const left = pending();
    if (left.length === 0) break;
    progress(`${left.length} of ${checks.length} smoke test checks have not passed yet`);
    if (clock.boot() >= endsAt) throw failed(left, results, checks.length);
    await clock.sleep(everyMs, signal);
  }
  return checks.map((check) => results.get(check)?.line ?? '');
}

async function tryCheck(
  check: Check,
  { clock, signal }: Pick<StepContext, 'clock' | 'signal'>,
): Promise<Passed> {
  const startedAt = clock.boot();
  try {
    await check.run();
    return { line: `${check.title}: ok (${clock.boot() - startedAt} ms)`, failure: null };
  } catch (thrown) {
    signal.throwIfAborted();
    return { line: check.title, failure: toAppError(thrown).message };
  }
}

function failed(
  left: readonly Check[],
  results: ReadonlyMap<Check, Passed>,
  count: number,
): AppError {
  const lines = left.map((check) => `${check.title}: ${results.get(check)?.failure}`);
  const message = `${left.length} of ${count} smoke test checks failed: ${lines.slice(0, 5).join('; ')}`;
  return new AppError('not-ready', message, {
    retryable: true,
    details: { outputTail: lines.join('\n') },
  });
}

/** Also after a stop, so with a signal of its own. Not waited for: the cluster goes on by itself. */
async function cleanUp(namespace: string, context: StepContext): Promise<void> {
  const { host, log, planId } = context;
  try {
    const credentials = await readKubeconfig(host, kubernetes.adminConfig);
    using api = context.kube(credentials, new AbortController().signal);
    await deleteObject(api, namespacePath(namespace));
  } catch (thrown) {
    log.warn({ planId, namespace, err: thrown }, 'the smoke test left its namespace behind');
  }
}
