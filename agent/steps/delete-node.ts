// Takes the Node object of a host out of the cluster that was removed from the fleet. Only that host's
// own: a machine that has come under the same name meanwhile keeps its Node. Never one whose kubelet still
// reports, because its pods run on.
import { AppError } from '../../shared/errors.ts';
import { conditionOf } from './kube-object.ts';
import { deleteObject, lookPatiently, withAdminApi } from './kube-session.ts';
import { nodePath, ownNode } from './own-node.ts';
import type { StepRunner } from './step-runner.ts';
import { patiently } from './wait-until.ts';

export const deleteNode: StepRunner<'delete-node'> = {
  kind: 'delete-node',
  title: ({ node }) => `delete node ${node}`,

  async check(args, context) {
    const found = await withAdminApi(
      context,
      async (api) => await lookPatiently(context, async () => await ownNode(api, args)),
    );
    return found === null
      ? { kind: 'satisfied' }
      : { kind: 'needed', why: `node ${args.node} is in the cluster` };
  },

  async apply(args, context) {
    await withAdminApi(context, async (api) => {
      const found = await lookPatiently(context, async () => await ownNode(api, args));
      if (found === null) return;
      if (conditionOf(found, 'Ready')?.status === 'True') {
        throw new AppError(
          'not-ready',
          `the kubelet of ${args.node} still reports: power the host off, or stop its kubelet`,
          { retryable: true },
        );
      }
      await patiently(context, async () => await deleteObject(api, nodePath(args)));
    });
    return {};
  },
};
