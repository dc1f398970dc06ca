// Whether something keeps the host's clock right. A container without a time service of its own uses
// the machine's clock, which it cannot see being kept: that is unknown, not wrong.
import type { Host } from '../host/host.ts';
import { type ProbeSources, probeTimeoutMs } from './probe.ts';
import { virtualization } from './virtualization.ts';

export interface ClockFact {
  readonly synchronized: boolean;
  readonly service: string | null;
}

/** Files that are there while the service runs. */
const services = [
  { name: 'chrony', paths: ['/run/chrony/chronyd.pid', '/run/chronyd.pid'] },
  { name: 'ntpd', paths: ['/run/ntpd.pid', '/var/run/ntpd.pid'] },
  { name: 'systemd-timesyncd', paths: ['/run/systemd/timesync'] },
] as const;

export async function clockSync(sources: ProbeSources): Promise<ClockFact> {
  const { host } = sources;
  if ((await host.stat('/run/systemd/timesync/synchronized')) !== null)
    return { synchronized: true, service: 'systemd-timesyncd' };
  const service = await runningService(host);
  if (service === null && (await isContainer(sources)))
    throw new Error('a container without a time service shares the clock of its machine');
  const argv = ['timedatectl', 'show', '--property=NTPSynchronized'];
  const { exitCode, stdout, stderr } = await host.read(argv, { timeoutMs: probeTimeoutMs });
  const synchronized = parseSynchronized(stdout);
  if (exitCode !== 0 || synchronized === null) throw new Error(`timedatectl: ${stderr.trim()}`);
  return { synchronized, service };
}

/** Null when timedatectl did not say. */
export function parseSynchronized(text: string): boolean | null {
  const [, value] = /^NTPSynchronized=(yes|no)$/m.exec(text) ?? [];
  return value === undefined ? null : value === 'yes';
}

async function runningService(host: Host): Promise<string | null> {
  for (const { name, paths } of services) {
    for (const path of paths) if ((await host.stat(path)) !== null) return name;
  }
  return null;
}

async function isContainer(sources: ProbeSources): Promise<boolean> {
  return await virtualization(sources).then(
    ({ container }) => container,
    () => false,
  );
}
