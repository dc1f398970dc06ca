// Waits until a node says that it is Ready. As the administrator where there is one on the host, else
// as the host's own kubelet, which may look at no node but its own. The host's own node has to be of this
// machine: one that another machine of the same name left behind is not waited past.
import type { Host } from '../host/host.ts';
import { nodeNameOf, readKubeconfig } from '../host/kubeconfig.ts';
import { keepKubernetesOnDisk } from './keep-on-disk.ts';
import { conditionOf } from './kube-object.ts';
import { getObject } from './kube-session.ts';
import { kubeWait } from './kube-wait.ts';
import { kubernetes } from './kubernetes-paths.ts';
import { otherMachine } from './own-machine.ts';
import { done, waits } from './wait-until.ts';

export const waitNodeReady = kubeWait({
  kind: 'wait-node-ready',
  everyMs: 300,
  title: ({ node }) => `wait until node ${node} is Ready`,

  async open(_args, { host, kube }) {
    const config = (await isMaster(host)) ? kubernetes.adminConfig : kubernetes.kubeletConfig;
    return kube(await readKubeconfig(host, config));
  },

  async look({ node }, api, { host }) {
    const object = await getObject(api, `/api/v1/nodes/${encodeURIComponent(node)}`);
    if (object === null) return waits(`node ${node} has not registered yet`);
    const other = (await isOwn(node, host)) ? await otherMachine(object, host) : null;
    if (other !== null) return waits(`node ${node} ${other}`);
    const ready = conditionOf(object, 'Ready');
    if (ready?.status === 'True') return done(`node ${node} is Ready`);
    return waits(`node ${node} is not Ready: ${ready?.message || 'its kubelet has not said yet'}`);
  },

  // The kubelet has its own certificate by now, for which the join credentials are good no more.
  seen: keepKubernetesOnDisk,
});

const isMaster = async (host: Host): Promise<boolean> =>
  (await host.stat(kubernetes.adminConfig)) !== null;

/** A worker asks for no other. Of a master the kubelet knows, once there is one. */
async function isOwn(node: string, host: Host): Promise<boolean> {
  if (!(await isMaster(host))) return true;
  const own = await readKubeconfig(host, kubernetes.kubeletConfig).then(nodeNameOf, () => null);
  return own === node;
}
