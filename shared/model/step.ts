// The closed vocabulary of work. `StepArgs` is written once: the step union here and the agent's
// registry of runners both come from it, so a kind without a runner does not compile. Steps are data:
// JSON-safe, comparable, without functions; there is no free shell. No secret is ever an argument.
import type { StepId } from './ids.ts';

/** Content-addressed: the signed digest and size are the only integrity an artifact has or needs. */
export interface ArtifactReference {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly size: number;
  /** Tried before the coordinator, in order; plain HTTP is fine, credentials are never sent. */
  readonly mirrors?: readonly string[];
}

/**
 * etcd-peer: both usages, from the etcd peer CA. etcd-server: server usage, from the etcd client CA.
 * etcd-client: client usage, from the etcd client CA, common name the node's name.
 */
export type CertificateProfile = 'etcd-peer' | 'etcd-server' | 'etcd-client';

/** HPKE base mode (P-256, HKDF-SHA256, AES-256-GCM): base64 of the encapsulated key and ciphertext. */
export interface SealedSecret {
  readonly encapsulated: string;
  readonly ciphertext: string;
  /** `planId/stepId` of the step that sealed it: part of the associated data (shared/seal.ts). */
  readonly context: string;
}

export interface EtcdEndpoint {
  readonly name: string;
  /** https://ADDRESS:2379 */
  readonly clientUrl: string;
  /** https://ADDRESS:2380 */
  readonly peerUrl: string;
}

/** Where an etcd client finds its certificates on the host. */
export interface EtcdCredentials {
  readonly caPath: string;
  readonly certificatePath: string;
  readonly keyPath: string;
}

export interface CordonArgs {
  readonly node: string;
  /** Empty: whatever machine it is of. */
  readonly machineId: string;
  /** In whose name: an operator's (CORDON_OPERATOR), or a rollout's id. */
  readonly owner: string;
}

export interface NodeTaint {
  readonly key: string;
  readonly value: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** Labels and taints that the spec gives a Node; it may have others, of others. */
export interface NodeGifts {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
}

export interface StepArgs {
  /** swapoff, fstab lines commented, swap units masked. */
  'disable-swap': Record<never, never>;
  'load-kernel-modules': { readonly modules: readonly string[]; readonly path: string };
  'set-sysctls': { readonly values: Readonly<Record<string, string>>; readonly path: string };
  /** `mode` as in chmod, for example 0o644. Directories are made with 0755. */
  'write-file': { readonly path: string; readonly content: string; readonly mode: number };
  'remove-path': { readonly path: string };
  'fetch-artifact': { readonly artifact: ArtifactReference };
  'install-binary': {
    readonly artifact: ArtifactReference;
    readonly path: string;
  };
  /** Named members only: `{from: 'bin/ctr', to: '/usr/local/bin/ctr'}`, mode 0755. */
  'unpack-archive': {
    readonly artifact: ArtifactReference;
    readonly members: readonly { readonly from: string; readonly to: string }[];
  };
  'import-image': {
    readonly artifact: ArtifactReference;
    /** containerd namespace: k8s.io for pods, muster for our own units. */
    readonly namespace: string;
    readonly reference: string;
  };
  /**
   * Unit file, enablement and state in one. `restartOn`: the unit is started again when one of these
   * files is younger than its main process. `content` null: the unit file is not ours. State `any`:
   * left as it is, running or not.
   */
  'manage-unit': {
    readonly name: string;
    readonly content: string | null;
    readonly enabled: boolean;
    readonly state: 'running' | 'stopped' | 'starting' | 'any';
    readonly restartOn: readonly string[];
  };
  /** The key is made on the host and stays there; only a CSR leaves it. */
  'request-certificate': {
    readonly profile: CertificateProfile;
    readonly keyPath: string;
    readonly certificatePath: string;
    readonly caPath: string;
    /** Names and addresses the certificate is for, as the plan says; the CSR's own are ignored. */
    readonly names: readonly string[];
    readonly commonName: string;
    /** The one that was there when this renewal began is replaced, however good it is. */
    readonly renewal?: string;
  };
  /** Gate H over etcd: a linearizable read per member, identical lists, one leader, no alarm. */
  'wait-etcd-healthy': {
    readonly members: readonly EtcdEndpoint[];
    readonly credentials: EtcdCredentials;
  };
  /** Output `state`: empty, or the SHA-256 of the Kubernetes CA that /registry belongs to. */
  'check-etcd-registry': {
    readonly endpoints: readonly string[];
    readonly credentials: EtcdCredentials;
    readonly caPath: string;
  };
  /** Output: `revision`, `hash`, `bytes`, `path`. */
  'etcd-snapshot': {
    readonly path: string;
    readonly endpoint: string;
    readonly credentials: EtcdCredentials;
  };
  /**
   * Snapshots in `directory` beyond the newest `keep` are removed, and what was sealed of others than the
   * newest. Output `kept`: names without `.db`, separated by spaces.
   */
  'prune-snapshots': { readonly directory: string; readonly keep: number };
  /**
   * The snapshot and `files`, encrypted to the operator's recovery key as `sealedPath`
   * (shared/sealed-snapshot). Outputs `sha256`, `bytes` of that file, `key`: fingerprint of the key.
   */
  'seal-snapshot': {
    readonly path: string;
    readonly sealedPath: string;
    readonly cluster: string;
    readonly id: string;
    /** Base64 of the SPKI DER of a P-256 key. */
    readonly recoveryKey: string;
    readonly files: readonly string[];
  };
  /** Goes to the coordinator, which takes exactly these bytes of this plan, and goes on where it was cut. */
  'upload-snapshot': {
    readonly id: string;
    readonly path: string;
    readonly sha256: string;
    readonly bytes: number;
  };
  /** One member, by its own host. Outputs `before`, `after`: sizes of its database in bytes. */
  'defragment-etcd': { readonly endpoint: string; readonly credentials: EtcdCredentials };
  /** `phase` as kubeadm names it, for example ['certs', 'ca']. The runner knows its check on real state. */
  'kubeadm-phase': {
    readonly command: 'init' | 'join';
    readonly phase: readonly string[];
    readonly configPath: string;
    readonly nodeName: string;
  };
  /**
   * The static pods of the control plane as the configuration has them: rendered aside, put in place, waited
   * for. What does not come up within `waitSeconds` is taken back to what ran before, and the step fails.
   */
  'switch-control-plane': {
    readonly configPath: string;
    readonly nodeName: string;
    /** That all three have afterwards, as v1.37.1. */
    readonly version: string;
    /** https://ADDRESS:6443 of this host's own API server. */
    readonly server: string;
    readonly caPath: string;
    readonly waitSeconds: number;
  };
  /**
   * kubeadm's leaf certificates and kubeconfigs of a master, made anew under the same authorities: those that
   * were there when the renewal began. Refused on a host whose CA is not `caDigest`.
   */
  'renew-certificates': {
    readonly renewal: string;
    readonly configPath: string;
    readonly nodeName: string;
    readonly caDigest: string;
  };
  /**
   * Of this host's static pods those are started again whose process is older than one of their `files`.
   * `mustBeReady`: each is waited for until it works; else only until it runs anew.
   */
  'restart-static-pods': {
    readonly pods: readonly {
      readonly name: 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler';
      readonly files: readonly string[];
    }[];
    /** https://ADDRESS:6443 of this host's own API server. */
    readonly server: string;
    readonly caPath: string;
    readonly mustBeReady: boolean;
    readonly waitSeconds: number;
  };
  /** Every port shows the very certificate of its file. The pair is shown to whoever asks for one. */
  'wait-certificates-served': {
    readonly ports: readonly {
      readonly host: string;
      readonly port: number;
      readonly certificatePath: string;
      readonly keyPath: string;
      readonly caPath: string;
    }[];
  };
  /** The kubelet's /var/lib/kubelet/config.yaml as the cluster's kubelet-config has it. Restarts nothing. */
  'update-kubelet-config': { readonly nodeName: string };
  /**
   * SHA-256 of the DER SPKI of the Kubernetes CA, as output `caDigest`. `expected`: of the cluster's
   * record; another CA is refused.
   */
  'read-ca-digest': { readonly caPath: string; readonly expected?: string };
  /**
   * On a master: a kubelet's certificate of 15 minutes for `consumer` alone and, for a further master,
   * the shared keys; sealed to the consumer's node key. Output: `sealed` (JSON of SealedSecret); of an
   * agent of 0.1 also `tokenId`, of the bootstrap token that it made instead. Refused on a host whose CA
   * is not `caDigest`.
   */
  'create-join-credentials': {
    readonly consumer: string;
    /** Of the plan in which they will be opened; they open in no other. */
    readonly goal: string;
    readonly caDigest: string;
    /** Base64 of the SPKI DER of the consumer's node key. */
    readonly consumerKey: string;
    readonly server: string;
    readonly ttlSeconds: number;
    readonly files: readonly string[];
  };
  /** A bootstrap token that an agent of 0.1 made. */
  'delete-join-credentials': { readonly tokenId: string };
  /**
   * Every file named inside the sealed secret that `files` lists is written, mode 0600. Refused when a
   * Kubernetes CA among them is not `caDigest`.
   */
  'unseal-secret': {
    readonly sealed: SealedSecret;
    readonly caDigest: string;
    readonly files: readonly { readonly name: string; readonly path: string }[];
  };
  /** The Node object of a host that has left. `machineId` empty: whatever machine it is of. */
  'delete-node': { readonly node: string; readonly machineId: string };
  /**
   * Marks the Node unschedulable, in the name of `owner`. Output `cordoned`: ours; others, when somebody
   * else had done it before, which is left as it is; gone, when there is no such Node of this machine.
   */
  'cordon-node': CordonArgs;
  /** Only what `owner` has cordoned; the operator's takes any away. Output `uncordoned`: yes, not-ours. */
  'uncordon-node': CordonArgs;
  /**
   * The Node has these labels and taints, and no longer those that were given before and are not named
   * here; what others have put on it stays. `before`: what it was given when it registered, which counts
   * until the Node itself says what it was given.
   */
  'label-node': NodeGifts & {
    readonly node: string;
    /** Empty: whatever machine it is of. */
    readonly machineId: string;
    readonly before: NodeGifts;
  };
  /**
   * Has the pods of a cordoned Node end that may end now, and ends well also when some are left.
   * Outputs: `left`, a number; `blocking`, JSON of BlockingPod[] (shared/model/drain.ts); `cordoned`:
   * yes; no, when somebody has made it schedulable and so nothing was done; gone.
   */
  'drain-node': CordonArgs & {
    /** Instead of each pod's own. */
    readonly podGraceSeconds: number | null;
    /** Pods that no controller makes again. */
    readonly evictUnmanaged: boolean;
    readonly deleteEmptyDirData: boolean;
    /** Deletes pods instead of evicting them, so that no budget is asked. */
    readonly disableEviction: boolean;
    /** It looks again and again for so long. */
    readonly waitSeconds: number;
  };
  'apply-manifest': { readonly name: string; readonly manifest: string };
  /**
   * By the host's own kubelet credential, or the administrator's on a master. `kubelet`: of this host, which
   * has to have that version (as v1.37.1) and to have said Ready since its process was started.
   */
  'wait-node-ready': { readonly node: string; readonly kubelet?: string };
  /** https://ADDRESS:6443/readyz, trusted by `caPath`. */
  'wait-apiserver-ready': { readonly url: string; readonly caPath: string };
  /**
   * A changed daemon set, on every node that is Ready, by the cluster's own rolling update. `proxyPort`: of a
   * kube-proxy, where each node tells whether its rules are laid.
   */
  'roll-daemon-set': {
    readonly namespace: string;
    readonly name: string;
    readonly proxyPort?: number;
  };
  'wait-workload-ready': { readonly namespace: string; readonly workload: string };
  /** The cluster signs a CSR for group muster:admins. Outputs `certificate`, `ca`. */
  'issue-user-certificate': {
    readonly csrPem: string;
    readonly user: string;
    readonly ttlSeconds: number;
  };
  /** Output `lines`: one per check, as shown to the operator. */
  'smoke-test': {
    readonly runId: string;
    readonly image: string;
    readonly nodes: readonly { readonly name: string; readonly address: string }[];
    readonly clusterDomain: string;
  };
}

export type StepKind = keyof StepArgs;

/** read: changes nothing. disrupt: others may notice. destroy: cannot be undone. */
export type StepEffect = 'read' | 'change' | 'disrupt' | 'destroy';

export interface StepOf<K extends StepKind> {
  readonly id: StepId;
  readonly kind: K;
  readonly args: StepArgs[K];
  readonly timeoutSeconds: number;
  readonly effect: StepEffect;
  /** What a stop does to the step while it runs. */
  readonly onStop: 'interrupt' | 'finish';
  /** A disrupt or destroy step begins only this long after the coordinator's last answer. */
  readonly beginWithinSeconds: number | null;
}

export type Step = { [K in StepKind]: StepOf<K> }[StepKind];
