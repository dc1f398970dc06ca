// What a host says about itself. A probe that failed leaves 'unknown', which is a value: preflight
// treats it as "not shown", never as "fine". Sizes are bytes, times are milliseconds since 1970.

export type Unknown = 'unknown';
export type Known<T> = T | Unknown;

export interface ModuleFact {
  readonly name: string;
  /** builtin: part of the kernel; loadable: present but not loaded; missing: neither. */
  readonly state: 'loaded' | 'builtin' | 'loadable' | 'missing';
}

export interface SwapFact {
  readonly devices: readonly string[];
  readonly fstabLines: readonly string[];
  readonly units: readonly string[];
}

export interface DiskFact {
  /** The path asked about, for example /var/lib/etcd; it need not exist yet. */
  readonly path: string;
  readonly filesystem: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
}

export interface AddressFact {
  readonly interface: string;
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

export interface RouteFact {
  readonly destination: string;
  readonly gateway: string | null;
  readonly interface: string;
  readonly source: string | null;
}

export interface PortFact {
  readonly port: number;
  readonly address: string;
  readonly process: string | null;
}

export interface CertificateFact {
  readonly path: string;
  readonly subject: string;
  readonly notAfterMs: number;
}

export interface NodeFacts {
  readonly schema: 'muster/facts/v1';
  readonly collectedAtMs: number;
  readonly hostname: string;
  readonly machineId: Known<string>;
  readonly productUuid: Known<string>;
  readonly bootId: Known<string>;
  readonly architecture: string;
  readonly os: Known<{ id: string; version: string; pretty: string }>;
  readonly kernel: Known<{ release: string; config: 'found' | 'not-found' }>;
  /** systemd-detect-virt: none, kvm, systemd-nspawn … A container cannot change what is not namespaced. */
  readonly virtualization: Known<{ kind: string; container: boolean }>;
  readonly modules: Known<readonly ModuleFact[]>;
  /** overlay is in /proc/filesystems or can be loaded. */
  readonly overlayfs: Known<boolean>;
  readonly swap: Known<SwapFact>;
  readonly memoryBytes: Known<number>;
  readonly cpus: Known<number>;
  readonly disks: Known<readonly DiskFact[]>;
  readonly addresses: Known<readonly AddressFact[]>;
  readonly routes: Known<readonly RouteFact[]>;
  readonly dns: Known<{ nameservers: readonly string[]; hostnameResolves: boolean }>;
  readonly clock: Known<{ synchronized: boolean; service: string | null }>;
  readonly cgroup: Known<{ version: 1 | 2; controllers: readonly string[] }>;
  readonly ports: Known<readonly PortFact[]>;
  readonly firewall: Known<{ active: readonly string[] }>;
  readonly selinux: Known<'enforcing' | 'permissive' | 'disabled'>;
  readonly apparmor: Known<boolean>;
  readonly sysctls: Known<Readonly<Record<string, string>>>;
  /** Base tools looked for on PATH (ip, iptables, mount, nsenter, …) and where they are. */
  readonly tools: Known<Readonly<Record<string, string | null>>>;
  readonly uid: number;
  readonly proxyEnvironment: readonly string[];
  readonly runtimes: Known<readonly { name: string; version: string; source: string }[]>;
  /** Versions of what is installed, by name: kubelet, kubeadm, etcd … Absent means not installed. */
  readonly installed: Known<Readonly<Record<string, string>>>;
  /** Paths that Kubernetes or etcd would find in their way, and that exist: manifests, pki, data. */
  readonly leftovers: Known<readonly string[]>;
  readonly certificates: Known<readonly CertificateFact[]>;
  /** Coordinator's time minus the host's, estimated at the last call; null before the first. */
  readonly clockSkewMs: number | null;
  readonly agentVersion: string;
}

/**
 * The part of the facts that a plan is computed from: what changes by itself (memory free,
 * ports, times) is left out, so that a plan is not refused because a disk filled by a byte.
 *
 * Two things that plans depend on are not in it:
 *
 * - The host's roles. They are the coordinator's: they follow from the pool of the host's identity, and
 *   a host comes into another pool only as another node, whose plans name another node.
 * - The versions of what is installed. Plans change them, so that every plan after another would be
 *   made of a host that was, and be refused until new facts had come: seconds in each stage of an
 *   install. And it would prove less than what is done: the digest is compared when a plan is accepted,
 *   minutes before its last step, while each step that installs compares the SHA-256 of what lies there
 *   right before it acts, and replaces whatever else it finds. A step to which it matters what was there
 *   before, as an upgrade from one minor to the next, has to name it and look for itself.
 */
export interface PlanningFacts {
  readonly machineId: string;
  readonly os: string;
  readonly architecture: string;
  readonly addresses: readonly string[];
  readonly cgroupVersion: string;
}

/** The planning part of `facts`. Pod and service interfaces come and go, so only stable ones count. */
export function planningFacts(facts: NodeFacts): PlanningFacts {
  const addresses = facts.addresses === 'unknown' ? [] : facts.addresses;
  return {
    machineId: facts.machineId,
    os: facts.os === 'unknown' ? 'unknown' : `${facts.os.id} ${facts.os.version}`,
    architecture: facts.architecture,
    addresses: addresses
      .filter((entry) => entry.family === 'ipv4' && isHostInterface(entry.interface))
      .map((entry) => `${entry.address}/${entry.prefix}`)
      .sort(),
    cgroupVersion: facts.cgroup === 'unknown' ? 'unknown' : String(facts.cgroup.version),
  };
}

const madeByClusters = /^(lo|cni|flannel|cali|veth|kube|docker|dummy|nodelocaldns|tunl|vxlan)/;

/** False for loopback and for interfaces that a cluster or a container runtime makes. */
export function isHostInterface(name: string): boolean {
  return !madeByClusters.test(name);
}
