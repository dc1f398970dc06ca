// Waits until a deployment or daemon set has what it asks for: the newest version, in every place, and
// available. What still lacks is decided by a pure function on the object.
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { at, numberAt } from './kube-object.ts';
import { getObject, openAdminApi } from './kube-session.ts';
import { kubeWait } from './kube-wait.ts';
import { done, type Probe, waits } from './wait-until.ts';

export const waitWorkloadReady = kubeWait({
  kind: 'wait-workload-ready',
  everyMs: 500,
  title: ({ namespace, workload }) => `wait until ${namespace}/${workload} is available`,

  open: async (_args, context) => await openAdminApi(context),

  async look(args, api) {
    const object = await getObject(api, workloadPath(args));
    if (object === null) return waits(`there is no ${args.workload} in ${args.namespace} yet`);
    return judgeWorkload(`${args.namespace}/${args.workload}`, object);
  },
});

/** @throws AppError invalid: neither deployment/NAME nor daemonset/NAME. */
function workloadPath({ namespace, workload }: StepArgs['wait-workload-ready']): string {
  const [, kind, name] = /^(deployment|daemonset)\/([a-z0-9.-]+)$/.exec(workload) ?? [];
  if (kind === undefined || name === undefined) {
    throw new AppError('invalid', `${workload} is neither deployment/NAME nor daemonset/NAME`);
  }
  return `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/${kind}s/${name}`;
}

/** What a Deployment or DaemonSet still lacks. */
export function judgeWorkload(name: string, object: unknown): Probe<string> {
  const status = (field: string): number => numberAt(object, 'status', field);
  if (status('observedGeneration') < numberAt(object, 'metadata', 'generation')) {
    return waits(`${name}: its controller has not seen it yet`);
  }
  const isDeployment = at(object, 'spec', 'replicas') !== undefined;
  const wanted = isDeployment
    ? numberAt(object, 'spec', 'replicas')
    : status('desiredNumberScheduled');
  const updated = status(isDeployment ? 'updatedReplicas' : 'updatedNumberScheduled');
  const available = status(isDeployment ? 'availableReplicas' : 'numberAvailable');
  const old = isDeployment ? status('replicas') - updated : 0;
  if (updated < wanted) return waits(`${name}: ${updated} of ${wanted} pods are of its version`);
  if (old > 0) return waits(`${name}: ${old} pods of an older version are left`);
  if (available < wanted) return waits(`${name}: ${available} of ${wanted} pods are available`);
  if (wanted === 0 && !isDeployment) return waits(`${name}: no node wants it yet`);
  return done(`${name}: ${available} of ${wanted} pods are available`);
}
