// Whether the API server of this host says that it is ready, at its own address and not through the
// proxy, which would ask another master.
import { isAbort } from '../../shared/errors.ts';
import type { AnswerHealth } from '../../shared/model/health.ts';
import { readKubeconfig } from '../host/kubeconfig.ts';
import { failedChecks } from '../host/readyz.ts';
import { kubernetes } from '../steps/kubernetes-paths.ts';
import { answered, type HealthSources, whyNot } from './health-sources.ts';

export const apiServerManifest = `${kubernetes.manifests}/kube-apiserver.yaml`;

/** Null on a host that runs no API server. */
export async function apiServerHealth(sources: HealthSources): Promise<AnswerHealth | null> {
  const { host, limitMs, ownApiServer, signal } = sources;
  const text = await host.readFile(apiServerManifest);
  if (text === null) return null;
  try {
    // The kubelet's credential is renewed by itself; the administrator's is not.
    const own = await readKubeconfig(host, kubernetes.kubeletConfig);
    const credentials = { ...own, server: serverOf(text) };
    const answer = await ownApiServer.request('GET', '/readyz', { credentials, limitMs });
    if (answer.status === 200) return answered(sources, 'api-server', null);
    const fault = `it answers ${answer.status}: ${failedChecks(answer.text)}`;
    return answered(sources, 'api-server', fault);
  } catch (thrown) {
    signal.throwIfAborted();
    if (isAbort(thrown)) throw thrown;
    return answered(sources, 'api-server', whyNot(thrown));
  }
}

/** Where the API server of a manifest listens. */
export function serverOf(text: string): string {
  const flag = (name: string): string | undefined =>
    new RegExp(`--${name}=([\\w.:-]+)`).exec(text)?.[1];
  return `https://${flag('advertise-address') ?? '127.0.0.1'}:${flag('secure-port') ?? '6443'}`;
}
