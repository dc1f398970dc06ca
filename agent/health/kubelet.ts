// Whether the kubelet answers at its own health port: a process that was stopped or hangs is still
// "active" for systemd, and does not answer here.
import { isAbort } from '../../shared/errors.ts';
import type { AnswerHealth } from '../../shared/model/health.ts';
import { kubernetes } from '../steps/kubernetes-paths.ts';
import { answered, type HealthSources, whyNot } from './health-sources.ts';

const dropIns = '/etc/kubernetes/kubelet.conf.d';
const defaultPort = 10248;

/** Null where no kubelet is set up, or its health port is switched off. */
export async function kubeletHealth(sources: HealthSources): Promise<AnswerHealth | null> {
  const port = await healthPort(sources);
  if (port === null) return null;
  return answered(sources, 'kubelet', await faultAt(`http://127.0.0.1:${port}/healthz`, sources));
}

async function faultAt(url: string, sources: HealthSources): Promise<string | null> {
  const { httpGet, limitMs, signal } = sources;
  const late = AbortSignal.timeout(limitMs);
  try {
    const { status, text } = await httpGet(url, AbortSignal.any([late, signal]));
    return status === 200 ? null : `it answers ${status}: ${text}`;
  } catch (thrown) {
    signal.throwIfAborted();
    if (late.aborted || isAbort(thrown)) return `no answer within ${limitMs / 1000} s`;
    return whyNot(thrown);
  }
}

/** Of the kubelet's configuration and the files that change it, the last that names a port. */
async function healthPort({ host }: HealthSources): Promise<number | null> {
  const settings = await host.readFile(kubernetes.kubeletSettings);
  const hasJoined = (await host.stat(kubernetes.kubeletConfig)) !== null;
  if (settings === null || !hasJoined) return null;
  const names = (await host.list(dropIns)).filter((name) => name.endsWith('.conf'));
  const more = await Promise.all(names.map((name) => host.readFile(`${dropIns}/${name}`)));
  const ports = [settings, ...more].flatMap((text) => {
    const [, port] = /^"?healthzPort"?: *(\d+)\s*$/m.exec(text ?? '') ?? [];
    return port === undefined ? [] : [Number(port)];
  });
  const port = ports.at(-1) ?? defaultPort;
  return port === 0 ? null : port;
}
