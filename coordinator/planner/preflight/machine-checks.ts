// What the machine has to be: memory, CPUs, disk, kernel, cgroups, tools. Sources of the numbers:
// kubeadm's own preflight (1700 MB, 2 CPUs on the control plane) and what the artifacts take up.
import { isAtLeast } from '../../../shared/model/version.ts';
import { networkPluginOf } from '../../components/network/network-plugins.ts';
import { proxyModeOf } from '../../components/proxy/proxy-modes.ts';
import { runtimeOf } from '../../components/runtime/runtimes.ts';
import { type HostCheck, isEtcd, isMaster, mebibytes, whenKnown } from './check.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

const memory: HostCheck = {
  name: 'memory',
  run: (member) =>
    whenKnown(member.facts.memoryBytes, 'the memory size', (bytes) => {
      const needed = (isMaster(member) ? 1700 : 900) * MiB;
      if (bytes >= needed) return [];
      return [
        {
          severity: 'error',
          found: `${mebibytes(bytes)} of memory`,
          needed: `${mebibytes(needed)} for pool ${member.pool.name}`,
          mend: 'give the machine more memory or use another one',
        },
      ];
    }),
};

const cpus: HostCheck = {
  name: 'cpus',
  run: (member) =>
    whenKnown(member.facts.cpus, 'the number of CPUs', (count) => {
      if (!isMaster(member) || count >= 2) return [];
      return [
        {
          severity: 'error',
          found: `${count} CPU`,
          needed: '2 CPUs on a control-plane host',
          mend: 'give the machine a second CPU or use another one',
        },
      ];
    }),
};

const disk: HostCheck = {
  name: 'disk',
  run: (member) =>
    whenKnown(member.facts.disks, 'free disk space', (disks) => {
      const needed: Readonly<Record<string, number>> = {
        '/var/lib/containerd': 5 * GiB,
        '/var/lib/kubelet': 1 * GiB,
        '/usr/local': 1 * GiB,
        '/var/lib/muster-agent': 2 * GiB,
        ...(isEtcd(member) ? { '/var/lib/etcd': 4 * GiB } : {}),
      };
      return disks.flatMap((entry) => {
        const wanted = needed[entry.path] ?? 0;
        if (entry.freeBytes >= wanted) return [];
        return [
          {
            severity: 'error' as const,
            found: `${mebibytes(entry.freeBytes)} free for ${entry.path}`,
            needed: mebibytes(wanted),
            mend: `free space on the file system of ${entry.path} or mount a larger one there`,
          },
        ];
      });
    }),
};

const kernel: HostCheck = {
  name: 'kernel',
  run: (member, spec) =>
    whenKnown(member.facts.kernel, 'the kernel version', ({ release }) => {
      const version = /^\d+\.\d+(\.\d+)?/.exec(release)?.[0] ?? '0.0.0';
      const full = version.split('.').length === 2 ? `${version}.0` : version;
      const needed = proxyModeOf(spec).minimumKernel;
      if (isAtLeast(full, needed)) return [];
      return [
        {
          severity: 'error',
          found: `kernel ${release}`,
          needed: `${needed} or newer for kube-proxy in ${spec.network.proxyMode} mode`,
          mend: 'upgrade the kernel, or set network.proxyMode: iptables',
        },
      ];
    }),
};

const modules: HostCheck = {
  name: 'kernel-modules',
  run: (member, spec) =>
    whenKnown(member.facts.modules, 'the kernel modules', (known) => {
      const rows = [runtimeOf(spec), networkPluginOf(spec), proxyModeOf(spec)];
      const wanted = rows.flatMap(({ kernelModules }) => kernelModules);
      const missing = wanted.filter(
        (name) => known.find((entry) => entry.name === name)?.state === 'missing',
      );
      return missing.map((name) => ({
        severity: 'error' as const,
        found: `kernel module ${name} is neither built in nor loadable`,
        needed: name,
        mend: 'install the kernel’s extra modules (linux-modules-extra, kernel-modules) or use another kernel',
      }));
    }),
};

const overlayfs: HostCheck = {
  name: 'overlayfs',
  run: (member) =>
    whenKnown(member.facts.overlayfs, 'whether overlayfs is there', (there) =>
      there
        ? []
        : [
            {
              severity: 'error',
              found: 'no overlayfs',
              needed: 'overlayfs',
              mend: 'load or build in the overlay module',
            },
          ],
    ),
};

const cgroup: HostCheck = {
  name: 'cgroup',
  run: (member) =>
    whenKnown(member.facts.cgroup, 'the cgroup hierarchy', ({ version, controllers }) => {
      const needed =
        version === 1
          ? ['cpu', 'cpuset', 'memory', 'pids', 'devices', 'freezer']
          : ['cpu', 'cpuset', 'memory', 'pids'];
      const missing = needed.filter((name) => !controllers.includes(name));
      const old = {
        severity: 'warning' as const,
        found: 'cgroup v1',
        needed: 'cgroup v2 (Kubernetes is dropping v1; the kubelet is told to accept it)',
        mend: 'boot with systemd.unified_cgroup_hierarchy=1 when the host can',
      };
      const absent = {
        severity: 'error' as const,
        found: `no cgroup controller ${missing.join(', ')}`,
        needed: needed.join(', '),
        mend: 'enable the controllers on the kernel command line (cgroup_enable=memory and the like)',
      };
      return [...(version === 1 ? [old] : []), ...(missing.length > 0 ? [absent] : [])];
    }),
};

const tools: HostCheck = {
  name: 'tools',
  run: (member) =>
    whenKnown(member.facts.tools, 'the installed tools', (found) => {
      const finding = (severity: 'error' | 'warning') => (name: string) => ({
        severity,
        found: `no ${name} on PATH`,
        needed: name,
        mend: `install the distribution’s package with ${name}`,
      });
      const missing = (names: readonly string[]) => names.filter((name) => found[name] === null);
      return [
        ...missing(['ip', 'iptables', 'mount', 'nsenter', 'systemctl']).map(finding('error')),
        ...missing(['ethtool', 'socat', 'tc', 'conntrack']).map(finding('warning')),
      ];
    }),
};

const architecture: HostCheck = {
  name: 'architecture',
  run: (member) =>
    ['amd64', 'arm64'].includes(member.arch)
      ? []
      : [
          {
            severity: 'error',
            found: member.arch,
            needed: 'amd64 or arm64',
            mend: 'use another machine',
          },
        ],
};

const privileges: HostCheck = {
  name: 'privileges',
  run: (member) =>
    member.facts.uid === 0
      ? []
      : [
          {
            severity: 'error',
            found: `agent runs as uid ${member.facts.uid}`,
            needed: 'root',
            mend: 'run the agent’s unit as root',
          },
        ],
};

export const machineChecks: readonly HostCheck[] = [
  memory,
  cpus,
  disk,
  kernel,
  modules,
  overlayfs,
  cgroup,
  tools,
  architecture,
  privileges,
];
