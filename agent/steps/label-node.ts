// Gives a Node the labels and taints that the spec names, and takes away those that it named before: one
// patch of one version of the Node. By a master, because a kubelet may not change its own taints.
import { AppError } from '../../shared/errors.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { textAt } from './kube-object.ts';
import { accepted, getObject, lookPatiently, withAdminApi } from './kube-session.ts';
import { changeOfGifts } from './node-gifts.ts';
import { type NodeOfMachine, nodePath } from './own-node.ts';
import type { StepRunner } from './step-runner.ts';
import { patiently } from './wait-until.ts';

export const labelNode: StepRunner<'label-node'> = {
  kind: 'label-node',
  title: ({ node }) => `labels and taints of ${node}`,

  async check(args, context) {
    return await withAdminApi(context, async (api) => {
      const found = await lookPatiently(context, async () => await nodeOf(api, args));
      const change = changeOfGifts(found, args, args.before);
      if (change === null) return { kind: 'satisfied' };
      return { kind: 'needed', why: change.what.join(', ') };
    });
  },

  async apply(args, context) {
    await withAdminApi(context, async (api) => {
      await patiently(context, async () => {
        const change = changeOfGifts(await nodeOf(api, args), args, args.before);
        if (change === null) return;
        const answer = await api.request('PATCH', nodePath(args), {
          body: change.patch,
          contentType: 'application/merge-patch+json',
        });
        accepted(`label ${args.node}`, answer);
      });
    });
    return {};
  },
};

/** @throws AppError not-ready, when there is none; refused, when it is another machine's */
async function nodeOf(api: KubeApi, wanted: NodeOfMachine): Promise<unknown> {
  const found = await getObject(api, nodePath(wanted));
  if (found === null) {
    throw new AppError(
      'not-ready',
      `${wanted.node} is not in the cluster: its kubelet registers it when it starts (systemctl restart kubelet, on ${wanted.node})`,
      { retryable: true },
    );
  }
  const machineId = textAt(found, 'status', 'nodeInfo', 'machineID');
  if (wanted.machineId === '' || machineId === wanted.machineId) return found;
  throw new AppError(
    'refused',
    `node ${wanted.node} of the cluster is of another machine (machine-id ${machineId}, expected ${wanted.machineId}): its labels and taints are left as they are`,
  );
}
