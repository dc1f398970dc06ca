// Takes the Node object of a host out of the cluster that was removed from the fleet. Only that host's
// own: a machine that has come under the same name meanwhile keeps its Node. Never one whose kubelet still
// reports, because its pods run on.
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { conditionOf, textAt } from './kube-object.ts';
import { deleteObject, getObject, lookPatiently, withAdminApi } from './kube-session.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { patiently } from './wait-until.ts';

type Args = StepArgs['delete-node'];

export const deleteNode: StepRunner<'delete-node'> = {
  kind: 'delete-node',
  title: ({ node }) => `delete node ${node}`,

  async check(args, context) {
    const found = await withAdminApi(context, async (api) => await ownNode(api, args, context));
    return found === null
      ? { kind: 'satisfied' }
      : { kind: 'needed', why: `node ${args.node} is in the cluster` };
  },

  async apply(args, context) {
    await withAdminApi(context, async (api) => {
      const found = await ownNode(api, args, context);
      if (found === null) return;
      if (conditionOf(found, 'Ready')?.status === 'True') {
        throw new AppError(
          'not-ready',
          `the kubelet of ${args.node} still reports: power the host off, or stop its kubelet`,
          { retryable: true },
        );
      }
      await patiently(context, async () => await deleteObject(api, pathOf(args)));
    });
    return {};
  },
};

/** Null when there is none, or it is another machine's. */
async function ownNode(api: KubeApi, args: Args, context: StepContext): Promise<unknown> {
  const found = await lookPatiently(context, async () => await getObject(api, pathOf(args)));
  if (found === null) return null;
  const machineId = textAt(found, 'status', 'nodeInfo', 'machineID');
  return args.machineId === '' || machineId === args.machineId ? found : null;
}

const pathOf = ({ node }: Args): string => `/api/v1/nodes/${encodeURIComponent(node)}`;
