// The kernel settings that Kubernetes depends on, as they are now. One the kernel does not have is
// left out.
import { type ProbeSources, readOptional } from './probe.ts';

const sysctlsAsked = [
  'net.ipv4.ip_forward',
  'net.ipv4.conf.all.rp_filter',
  'net.ipv6.conf.all.disable_ipv6',
  'net.ipv6.conf.all.forwarding',
  'net.bridge.bridge-nf-call-iptables',
  'net.bridge.bridge-nf-call-ip6tables',
  'net.netfilter.nf_conntrack_max',
  'vm.overcommit_memory',
  'vm.panic_on_oom',
  'vm.swappiness',
  'vm.max_map_count',
  'kernel.panic',
  'kernel.panic_on_oops',
  'kernel.keys.root_maxkeys',
  'kernel.keys.root_maxbytes',
  'kernel.pid_max',
  'fs.inotify.max_user_instances',
  'fs.inotify.max_user_watches',
  'fs.file-max',
] as const;

export async function sysctls({ host }: ProbeSources): Promise<Readonly<Record<string, string>>> {
  const pairs = await Promise.all(
    sysctlsAsked.map(async (name) => {
      const value = await readOptional(host, `/proc/sys/${name.replaceAll('.', '/')}`);
      return value === null ? [] : [[name, value.trim().replaceAll(/\s+/g, ' ')] as const];
    }),
  );
  const values = Object.fromEntries(pairs.flat());
  if (Object.keys(values).length === 0) throw new Error('nothing under /proc/sys can be read');
  return values;
}
