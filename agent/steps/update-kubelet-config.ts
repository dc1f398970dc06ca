// The kubelet's settings as the cluster keeps them: kubeadm fetches them and adds what is this host's own.
// Which ones were fetched is remembered with the digest of what came out, so that a change of either has it
// done again. The kubelet is not started again here: that is its unit's business.
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { readKubeconfig } from '../host/kubeconfig.ts';
import { commandsOf } from './command-unit.ts';
import { keepKubernetesOnDisk } from './keep-on-disk.ts';
import { textAt } from './kube-object.ts';
import { getObject, lookPatiently } from './kube-session.ts';
import { kubernetes } from './kubernetes-paths.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

const wantedPath = '/api/v1/namespaces/kube-system/configmaps/kubelet-config';

export const updateKubeletConfig: StepRunner<'update-kubelet-config'> = {
  kind: 'update-kubelet-config',
  title: () => `write ${kubernetes.kubeletSettings} as the cluster has it`,

  check: async (_args, context) => {
    const wanted = await clusterSettings(context);
    const marker = await context.host.readFile(markerPath(context));
    if (marker === null)
      return {
        kind: 'needed',
        why: `of which settings ${kubernetes.kubeletSettings} is, is not known`,
      };
    if (marker.trim() !== (await digestWith(wanted, context)))
      return { kind: 'needed', why: `${kubernetes.kubeletSettings} is not as the cluster has it` };
    await keepKubernetesOnDisk(context);
    return { kind: 'satisfied' };
  },

  apply: async (_args, context) => {
    const { host } = context;
    const wanted = await clusterSettings(context);
    await commandsOf(context)([kubernetes.kubeadm, 'upgrade', 'node', 'phase', 'kubelet-config']);
    await forgetCopies(context);
    const digest = await digestWith(wanted, context);
    await host.writeFile(markerPath(context), `${digest}\n`, 0o600);
    return {};
  },
};

/** As this node, which may read them. */
async function clusterSettings(context: StepContext): Promise<string> {
  const { host, kube } = context;
  return await lookPatiently(context, async () => {
    using api = kube(await readKubeconfig(host, kubernetes.kubeletConfig));
    const text = textAt(await getObject(api, wantedPath), 'data', 'kubelet');
    if (text !== '') return text;
    throw new AppError('not-found', 'the cluster has no ConfigMap kubelet-config', {
      retryable: true,
    });
  });
}

async function digestWith(wanted: string, { host }: StepContext): Promise<string> {
  return sha256Hex([sha256Hex(wanted), await host.sha256(kubernetes.kubeletSettings)].join('\n'));
}

const markerPath = ({ stateDirectory }: StepContext): string =>
  `${stateDirectory}/kubeadm/kubelet-config.sha256`;

/** kubeadm leaves a copy of the old file each time, and nobody ever takes one away. */
async function forgetCopies({ host }: StepContext): Promise<void> {
  for (const name of await host.list(kubernetes.temporary)) {
    if (name.startsWith('kubeadm-kubelet-config'))
      await host.remove(`${kubernetes.temporary}/${name}`);
  }
}
