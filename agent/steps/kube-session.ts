// A connection to the Kubernetes API for the time of one piece of work, and the requests that steps
// have in common. As the administrator, through the node's own API proxy, where nothing else is said.
import { type KubeAnswer, type KubeApi, unwantedAnswer } from '../host/kube-api.ts';
import { readKubeconfig } from '../host/kubeconfig.ts';
import { kubernetes } from './kubernetes-paths.ts';
import type { StepContext } from './step-runner.ts';
import { done, patient } from './wait-until.ts';

export async function withAdminApi<T>(
  context: StepContext,
  work: (api: KubeApi) => Promise<T>,
): Promise<T> {
  using api = await openAdminApi(context);
  return await work(api);
}

export async function openAdminApi({ host, kube }: StepContext): Promise<KubeApi> {
  return kube(await readKubeconfig(host, kubernetes.adminConfig));
}

/** Null when there is none. @throws AppError */
export async function getObject(api: KubeApi, path: string): Promise<unknown> {
  const answer = await api.request('GET', path);
  if (answer.status === 404) return null;
  return accepted(`GET ${path}`, answer);
}

/** Server-side apply: what is there already and equal stays as it is. The document is YAML or JSON. */
export async function serverSideApply(
  api: KubeApi,
  path: string,
  document: object | string,
): Promise<unknown> {
  return accepted(`apply ${path}`, await sendApply(api, path, document));
}

export async function sendApply(
  api: KubeApi,
  path: string,
  document: object | string,
  dryRun = '',
): Promise<KubeAnswer> {
  return await api.request('PATCH', `${path}?fieldManager=muster&force=true${dryRun}`, {
    body: document,
    contentType: 'application/apply-patch+yaml',
  });
}

/** Gone already is as good. */
export async function deleteObject(api: KubeApi, path: string): Promise<void> {
  const answer = await api.request('DELETE', path);
  if (answer.status !== 404) accepted(`DELETE ${path}`, answer);
}

/** The body of an answer of 2xx. @throws AppError */
export function accepted(what: string, answer: KubeAnswer): unknown {
  if (answer.status < 200 || answer.status > 299) throw unwantedAnswer(what, answer);
  return answer.body;
}

/** The first of `probe`'s answers that is not a passing failure: a proxy may need 5 s to find a server. */
export async function lookPatiently<T>(context: StepContext, look: () => Promise<T>): Promise<T> {
  const { clock, signal } = context;
  const endsAt = clock.boot() + Math.min(8_000, context.timeoutMs / 2);
  for (;;) {
    const probe = await patient(async () => done(await look()));
    if (probe.kind === 'done') return probe.value;
    if (clock.boot() >= endsAt) return await look();
    await clock.sleep(300, signal);
  }
}
