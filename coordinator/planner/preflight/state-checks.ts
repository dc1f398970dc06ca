// What must not be in the way on a host: swap, used ports, leftovers of another cluster, a wrong
// clock, a firewall, a proxy for the cluster's own ranges.
import { type Finding, type HostCheck, isEtcd, isMaster, whenKnown } from './check.ts';

export const maxClockSkewMs = 30_000;

const swap: HostCheck = {
  name: 'swap',
  run: (member, spec) =>
    whenKnown(member.facts.swap, 'the swap devices', ({ devices, fstabLines, units }) => {
      if (spec.host.swap === 'off') return [];
      const findings: Finding[] = [];
      if (devices.length > 0) {
        findings.push({
          severity: 'error',
          found: `swap is on: ${devices.join(', ')}`,
          needed: 'no swap',
          mend: 'set host.swap: "off" in the spec and Muster turns it off, or run `swapoff -a` and clean /etc/fstab',
        });
      }
      const returning = [...fstabLines.map((line) => `/etc/fstab has "${line}"`), ...units];
      // Off until then: afterwards the kubelet starts, ends and starts again, for ever.
      if (returning.length > 0) {
        findings.push({
          severity: 'error',
          found: `the next boot turns swap on: ${returning.join(', ')}`,
          needed: 'no swap after a boot either',
          mend: 'set host.swap: "off" in the spec and Muster turns it off, or take it out of /etc/fstab and mask its units (`systemctl mask UNIT`)',
        });
      }
      return findings;
    }),
};

const ports: HostCheck = {
  name: 'ports',
  run: (member) =>
    whenKnown(member.facts.ports, 'the listening ports', (listening) => {
      const needed = [
        10250,
        10256,
        9443,
        ...(isMaster(member) ? [6443, 10257, 10259] : []),
        ...(isEtcd(member) ? [2379, 2380] : []),
      ];
      return needed.flatMap((port) => {
        const user = listening.find((entry) => entry.port === port);
        if (user === undefined) return [];
        return [
          {
            severity: 'error' as const,
            found: `port ${port} is used by ${user.process ?? 'another program'}`,
            needed: `port ${port} free`,
            mend: 'stop that program; if it is left from an earlier cluster, reset the host first',
          },
        ];
      });
    }),
};

const leftovers: HostCheck = {
  name: 'leftovers',
  run: (member) =>
    whenKnown(member.facts.leftovers, 'what earlier installs left', (found) =>
      found.map((path) => ({
        severity: 'error' as const,
        found: `${path} exists`,
        needed: 'a host without Kubernetes or etcd',
        mend: `move ${path} away after a look at what it is, or use a fresh host`,
      })),
    ),
};

const clock: HostCheck = {
  name: 'clock',
  run: (member) => {
    const { clockSkewMs, clock: sync } = member.facts;
    const findings: Finding[] = [];
    if (clockSkewMs !== null && Math.abs(clockSkewMs) > maxClockSkewMs) {
      findings.push({
        severity: 'error',
        found: `the clock is ${Math.round(Math.abs(clockSkewMs) / 1000)} s ${clockSkewMs > 0 ? 'behind' : 'ahead of'} the coordinator’s`,
        needed: 'at most 30 s apart',
        mend: 'set the clock (chronyc makestep, timedatectl set-ntp true)',
      });
    }
    if (sync !== 'unknown' && !sync.synchronized) {
      findings.push({
        severity: 'warning',
        found: 'the clock is not synchronized',
        needed: 'a time service (systemd-timesyncd, chrony)',
        mend: 'install and start one: certificates and etcd need clocks that agree',
      });
    }
    return findings;
  },
};

const hostname: HostCheck = {
  name: 'hostname',
  run: (member) =>
    /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(member.name)
      ? []
      : [
          {
            severity: 'error',
            found: `host name ${JSON.stringify(member.name)}`,
            needed: 'lower-case letters, digits, dashes and dots, at most 63',
            mend: 'rename the host (hostnamectl set-hostname) and join it again',
          },
        ],
};

const address: HostCheck = {
  name: 'address',
  run: (member) => {
    const local = member.facts.addresses;
    if (member.address === '') {
      return [
        {
          severity: 'error',
          found: 'no IPv4 address that fits',
          needed: 'an address on the default route, or the pool’s nodeAddress',
          mend: 'set pools[].nodeAddress or hosts.NAME.nodeAddress in the spec',
        },
      ];
    }
    if (local === 'unknown' || local.some((entry) => entry.address === member.address)) return [];
    return [
      {
        severity: 'error',
        found: `${member.address} is not an address of the host`,
        needed: 'one of its own addresses',
        mend: `correct hosts.${member.name}.nodeAddress in the spec`,
      },
    ];
  },
};

const dns: HostCheck = {
  name: 'dns',
  run: (member) =>
    whenKnown(member.facts.dns, 'the DNS settings', ({ nameservers, hostnameResolves }) => [
      ...(nameservers.length === 0
        ? [
            {
              severity: 'warning' as const,
              found: 'no name server',
              needed: 'one in resolv.conf',
              mend: 'configure DNS: pods inherit it',
            },
          ]
        : []),
      ...(hostnameResolves
        ? []
        : [
            {
              severity: 'warning' as const,
              found: `${member.name} does not resolve on the host`,
              needed: 'its own name resolvable',
              mend: 'add it to /etc/hosts',
            },
          ]),
    ]),
};

const firewall: HostCheck = {
  name: 'firewall',
  run: (member) =>
    whenKnown(member.facts.firewall, 'the firewall', ({ active }) =>
      active.map((name) => ({
        severity: 'warning' as const,
        found: `${name} is active`,
        needed: 'the cluster’s ports open between hosts',
        mend: 'open 6443, 2379-2380, 10250 and 8472/udp between the hosts, or stop it',
      })),
    ),
};

const httpProxy: HostCheck = {
  name: 'http-proxy',
  run: (member, spec) => {
    const variables = member.facts.proxyEnvironment;
    if (variables.length === 0) return [];
    return [
      {
        severity: 'warning',
        found: `${variables.join(', ')} set for the agent`,
        needed: `no proxy for ${spec.network.pods}, ${spec.network.services} and the hosts`,
        mend: 'add them to NO_PROXY',
      },
    ];
  },
};

export const stateChecks: readonly HostCheck[] = [
  swap,
  ports,
  leftovers,
  clock,
  hostname,
  address,
  dns,
  firewall,
  httpProxy,
];
