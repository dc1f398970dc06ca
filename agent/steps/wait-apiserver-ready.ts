// Waits until one API server, at its own address and not through a proxy, says that it is ready. With
// the administrator's certificate where the host has it: anonymous requests may be switched off.
import { failedChecks } from '../host/readyz.ts';
import { openOwnApi } from './control-plane-watch.ts';
import { kubeWait } from './kube-wait.ts';
import { done, waits } from './wait-until.ts';

export const waitApiserverReady = kubeWait({
  kind: 'wait-apiserver-ready',
  everyMs: 250,
  title: ({ url }) => `wait until ${url} answers ok`,

  open: async ({ url, caPath }, context) =>
    await openOwnApi({ server: new URL(url).origin, caPath }, context),

  async look({ url }, api) {
    const answer = await api.request('GET', new URL(url).pathname, { timeoutMs: 3_000 });
    if (answer.status === 200) return done(`${url} answers ok`);
    return waits(`${url} answers ${answer.status}: ${failedChecks(answer.text)}`);
  },
});
