// What may stand between the cluster and the host: firewalls, SELinux, AppArmor.
import type { Host } from '../host/host.ts';
import { type ProbeSources, probeTimeoutMs, readOptional } from './probe.ts';
import { findProgram } from './tools.ts';

const firewalls = ['firewalld', 'ufw'] as const;

/** Asks systemd only on hosts that have one of the programs. */
export async function firewall({ host }: ProbeSources): Promise<{ active: readonly string[] }> {
  const paths = await Promise.all(firewalls.map((name) => findProgram(host, name)));
  const installed = firewalls.filter((_, index) => paths[index] !== null);
  if (installed.length === 0) return { active: [] };
  const argv = ['systemctl', 'is-active', ...installed.map((name) => `${name}.service`)];
  const { stdout, stderr } = await host.read(argv, { timeoutMs: probeTimeoutMs });
  const states = stdout.trim().split('\n');
  if (states.length !== installed.length || states[0] === '')
    throw new Error(`systemctl is-active: ${stderr.trim()}`);
  const running = installed.filter((_, index) => states[index]?.trim() === 'active');
  const judged = await Promise.all(
    running.map(async (name) => name !== 'ufw' || (await isUfwEnabled(host))),
  );
  return { active: running.filter((_, index) => judged[index]) };
}

/** ufw's unit is active on every host that has it, also where ufw was never enabled. */
async function isUfwEnabled(host: Host): Promise<boolean> {
  const config = await readOptional(host, '/etc/ufw/ufw.conf');
  return config === null || !/^\s*ENABLED\s*=\s*["']?no\b/im.test(config);
}

export async function selinux({
  host,
}: ProbeSources): Promise<'enforcing' | 'permissive' | 'disabled'> {
  const enforce = await host.readFile('/sys/fs/selinux/enforce');
  if (enforce === null) return 'disabled';
  return enforce.trim() === '1' ? 'enforcing' : 'permissive';
}

export async function apparmor({ host }: ProbeSources): Promise<boolean> {
  const enabled = await host.readFile('/sys/module/apparmor/parameters/enabled');
  return enabled?.trim() === 'Y';
}
