// Waits until one API server, at its own address and not through a proxy, says that it is ready. With
// the administrator's certificate where the host has it: anonymous requests may be switched off.
import { AppError } from '../../shared/errors.ts';
import { readKubeconfig } from '../host/kubeconfig.ts';
import { failedChecks } from '../host/readyz.ts';
import { kubeWait } from './kube-wait.ts';
import { kubernetes } from './kubernetes-paths.ts';
import { done, waits } from './wait-until.ts';

export const waitApiserverReady = kubeWait({
  kind: 'wait-apiserver-ready',
  everyMs: 250,
  title: ({ url }) => `wait until ${url} answers ok`,

  async open({ url, caPath }, { host, kube }) {
    const server = new URL(url).origin;
    const ca = await host.readFile(caPath);
    if (ca === null) {
      throw new AppError('not-found', `there is no ${caPath} to trust ${server} by`);
    }
    const isMaster = (await host.stat(kubernetes.adminConfig)) !== null;
    const admin = isMaster ? await readKubeconfig(host, kubernetes.adminConfig) : {};
    return kube({ ...admin, server, ca });
  },

  async look({ url }, api) {
    const answer = await api.request('GET', new URL(url).pathname, { timeoutMs: 3_000 });
    if (answer.status === 200) return done(`${url} answers ok`);
    return waits(`${url} answers ${answer.status}: ${failedChecks(answer.text)}`);
  },
});
