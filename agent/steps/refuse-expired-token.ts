// Asks the cluster whether it still takes a joining host's token before kubeadm does: kubeadm goes on
// for five minutes with one that is not taken, and ends with a timeout that says nothing about it.
import { AppError } from '../../shared/errors.ts';
import { connectKubeApi } from '../host/kube-api.ts';
import { readKubeconfig } from '../host/kubeconfig.ts';
import { discoveryPathIn } from './kubeadm-phase-parts.ts';
import type { StepContext } from './step-runner.ts';
import { done, patient } from './wait-until.ts';

const path = '/api/v1/namespaces/kube-public/configmaps/cluster-info';

/** @param config text of a JoinConfiguration. @throws AppError credentials-expired */
export async function refuseExpiredToken(config: string, context: StepContext): Promise<void> {
  const { host, signal } = context;
  const discovery = discoveryPathIn(config);
  if (discovery === undefined || (await host.stat(discovery)) === null) return;
  const api = connectKubeApi(await readKubeconfig(host, discovery), signal);
  try {
    const probe = await patient(async () => done(await api.request('GET', path)));
    // No answer says nothing of the token: kubeadm has more patience than this.
    if (probe.kind === 'done' && probe.value.status === 401) throw credentialsExpired(discovery);
  } finally {
    api.close();
  }
}

export function credentialsExpired(what: string, cause?: unknown): AppError {
  return new AppError(
    'credentials-expired',
    `${what}: the cluster does not take the join credentials any more: new ones have to be made`,
    { cause, details: cause instanceof AppError ? cause.details : {} },
  );
}
