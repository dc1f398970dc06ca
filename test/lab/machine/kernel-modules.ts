// Kernel modules that the hosts of a lab need and, being containers, cannot load. Loaded on the machine
// where it has them as modules; a kernel that has them built in, or not at all, is left alone: the
// hosts' preflight says what is missing.

import { tryRun } from '../run.ts';
import { exists } from './exists.ts';

const wanted = ['overlay', 'bridge', 'br_netfilter', 'veth', 'vxlan', 'nf_conntrack', 'nf_tables'];

export async function loadKernelModules(log: (line: string) => void): Promise<void> {
  for (const name of wanted) {
    if (await exists(`/sys/module/${name}`)) continue;
    const argv = ['modprobe', '--quiet', name];
    const loaded = await tryRun(argv).catch(() => null);
    if (loaded?.exitCode === 0 && (await exists(`/sys/module/${name}`))) {
      log(`loaded kernel module ${name}`);
    }
  }
}
