// Waits until a node says that it is Ready. As the administrator where there is one on the host, else
// as the host's own kubelet, which may look at no node but its own. The host's own node has to be of this
// machine: one that another machine of the same name left behind is not waited past.
import type { Host } from '../host/host.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { nodeNameOf, readKubeconfig } from '../host/kubeconfig.ts';
import { manifestPath } from './control-plane-disk.ts';
import { apiServerFault, openOwnApi } from './control-plane-watch.ts';
import { keepKubernetesOnDisk } from './keep-on-disk.ts';
import { at, type Condition, conditionOf, listAt, textAt } from './kube-object.ts';
import { getObject } from './kube-session.ts';
import { kubeWait } from './kube-wait.ts';
import { kubernetes } from './kubernetes-paths.ts';
import { otherMachine } from './own-machine.ts';
import { startedAtMs } from './process-start.ts';
import { flagOf, staticPodIn } from './static-pod.ts';
import type { StepContext } from './step-runner.ts';
import { done, waits } from './wait-until.ts';

export const waitNodeReady = kubeWait({
  kind: 'wait-node-ready',
  everyMs: 300,
  title: ({ node, kubelet }) =>
    `wait until node ${node} is Ready${kubelet === undefined ? '' : ` with kubelet ${kubelet}`}`,

  async open(_args, { host, kube }) {
    const config = (await isMaster(host)) ? kubernetes.adminConfig : kubernetes.kubeletConfig;
    return kube(await readKubeconfig(host, config));
  },

  async look({ node, kubelet }, api, context) {
    const object = await getObject(api, `/api/v1/nodes/${encodeURIComponent(node)}`);
    if (object === null) return waits(`node ${node} has not registered yet`);
    const { host } = context;
    const other = (await isOwn(node, host)) ? await otherMachine(object, host) : null;
    if (other !== null) return waits(`node ${node} ${other}`);
    const running = textAt(object, 'status', 'nodeInfo', 'kubeletVersion');
    if (kubelet !== undefined && running !== kubelet) {
      return waits(`the kubelet of ${node} is ${running || 'not known yet'}, not ${kubelet}`);
    }
    const ready = conditionOf(object, 'Ready');
    if (kubelet !== undefined && !(await isSaidBy('kubelet.service', ready, context))) {
      return waits(`the kubelet of ${node} has said nothing since it was started`);
    }
    if (ready?.status === 'True') {
      const starting = kubelet === undefined ? null : await startingStaticPod(node, api, context);
      return starting === null ? done(`node ${node} is Ready`) : waits(starting);
    }
    return waits(`node ${node} is not Ready: ${ready?.message || 'its kubelet has not said yet'}`);
  },

  // The kubelet has its own certificate by now, for which the join credentials are good no more.
  seen: keepKubernetesOnDisk,
});

/** What the API gives are whole seconds. */
const HEARTBEAT_GRAIN_MS = 1_000;

/** Whether it is the process that runs now that said so, and not the one before. */
async function isSaidBy(
  unit: string,
  ready: Condition | null,
  context: StepContext,
): Promise<boolean> {
  const startedMs = await startedAtMs(unit, context);
  if (startedMs === null || ready === null) return false;
  return Date.parse(ready.heartbeat) + HEARTBEAT_GRAIN_MS > startedMs;
}

/**
 * A kubelet of another minor takes its static pods for others than before and starts them again, a moment
 * after it has said that it is Ready. It tells of them itself, by way of an API server; a worker has none.
 */
async function startingStaticPod(
  node: string,
  api: KubeApi,
  context: StepContext,
): Promise<string | null> {
  const manifest = await context.host.readFile(manifestPath('kube-apiserver'));
  if (manifest === null) return null;
  // It asks its own API server whether we may know, and one that is starting forbids it: the kubelet then
  // remembers that for 30 s.
  const pod = staticPodIn(manifest, 'kube-apiserver');
  const server = `https://${flagOf(pod, 'advertise-address') ?? '127.0.0.1'}:${flagOf(pod, 'secure-port') ?? '6443'}`;
  using own = await openOwnApi({ server, caPath: kubernetes.ca }, context);
  const fault = await apiServerFault(own, null);
  if (fault !== null) return fault;
  const pods = await getObject(api, `/api/v1/nodes/${encodeURIComponent(node)}/proxy/pods`);
  const starting = listAt(pods, 'items')
    .filter((pod) => at(pod, 'metadata', 'annotations', 'kubernetes.io/config.source') === 'file')
    .find((pod) => {
      const containers = listAt(pod, 'status', 'containerStatuses');
      const isRunning = (one: unknown) => at(one, 'state', 'running') !== undefined;
      return containers.length === 0 || !containers.every(isRunning);
    });
  if (starting === undefined) return null;
  return `the kubelet of ${node} starts ${textAt(starting, 'metadata', 'name')}`;
}

const isMaster = async (host: Host): Promise<boolean> =>
  (await host.stat(kubernetes.adminConfig)) !== null;

/** A worker asks for no other. Of a master the kubelet knows, once there is one. */
async function isOwn(node: string, host: Host): Promise<boolean> {
  if (!(await isMaster(host))) return true;
  const own = await readKubeconfig(host, kubernetes.kubeletConfig).then(nodeNameOf, () => null);
  return own === node;
}
