// A Kubernetes cluster as far as others can tell: API servers that are ready, nodes that are, objects.
// A node's condition lags behind as it does in life: a host that is gone stays Ready for a while.
import type { EtcdCluster } from './etcd.ts';
import type { SimHost } from './host.ts';

export const KUBELET = 'kubelet.service';
export const manifestPath = (name: string): string => `/etc/kubernetes/manifests/${name}.yaml`;
export const KUBELET_CONFIG = '/etc/kubernetes/kubelet.conf';

const apiStartMs = 4_000;
const registerMs = 2_000;
/** After which the node controller no longer believes in a silent kubelet. */
const graceMs = 40_000;

interface SeenNode {
  heardMs: number;
}

export class Kubernetes {
  readonly objects = new Set<string>();
  /** What hosts join with: until when it is good. */
  readonly credentials = new Map<string, number>();
  readonly nodes = new Map<string, SeenNode>();
  private readonly etcd: EtcdCluster;
  private readonly hosts: () => readonly SimHost[];
  private readonly nowMs: () => number;

  constructor(etcd: EtcdCluster, hosts: () => readonly SimHost[], nowMs: () => number) {
    this.etcd = etcd;
    this.hosts = hosts;
    this.nowMs = nowMs;
  }

  isApiReady(host: SimHost): boolean {
    if (!host.isReachable || !host.isRunning(KUBELET) || !this.etcd.hasQuorum()) return false;
    const manifestMs = host.writtenMs.get(manifestPath('kube-apiserver'));
    if (manifestMs === undefined) return false;
    return this.nowMs() >= Math.max(manifestMs, host.startedMs(KUBELET)) + apiStartMs;
  }

  isAnyApiReady(): boolean {
    return this.hosts().some((host) => this.isApiReady(host));
  }

  /** Kubelets tell of themselves whenever somebody looks. */
  look(): void {
    if (!this.isAnyApiReady()) return;
    for (const host of this.hosts()) {
      const isUp =
        host.isReachable &&
        host.isRunning(KUBELET) &&
        host.files.has(KUBELET_CONFIG) &&
        this.nowMs() >= host.startedMs(KUBELET) + registerMs;
      if (isUp) this.nodes.set(host.name, { heardMs: this.nowMs() });
    }
  }

  hasNode(name: string): boolean {
    this.look();
    return this.nodes.has(name);
  }

  isNodeReady(name: string): boolean {
    this.look();
    const node = this.nodes.get(name);
    return node !== undefined && this.nowMs() - node.heardMs < graceMs;
  }
}
