// What the host runs on. Containers say it themselves in files; only for machines without such a
// file is systemd-detect-virt asked, once per boot.
import { remember } from './memory.ts';
import { type ProbeSources, probeTimeoutMs, readOptional } from './probe.ts';

export interface VirtualizationFact {
  readonly kind: string;
  readonly container: boolean;
}

/** What systemd-detect-virt calls a container. */
const containerKinds: ReadonlySet<string> = new Set([
  'systemd-nspawn',
  'lxc',
  'lxc-libvirt',
  'openvz',
  'docker',
  'podman',
  'rkt',
  'wsl',
  'proot',
  'pouch',
  'container-other',
]);

export async function virtualization(sources: ProbeSources): Promise<VirtualizationFact> {
  const container = await containerKind(sources);
  if (container !== null) return { kind: container, container: true };
  const kind = await detected(sources);
  return { kind, container: containerKinds.has(kind) };
}

async function containerKind({ host }: ProbeSources): Promise<string | null> {
  for (const path of ['/run/systemd/container', '/run/host/container-manager']) {
    const named = (await readOptional(host, path))?.trim() ?? '';
    if (named !== '') return named;
  }
  const environment = await readOptional(host, '/proc/1/environ');
  const named = containerOf(environment ?? '');
  if (named !== null) return named;
  if ((await host.stat('/.dockerenv').catch(() => null)) !== null) return 'docker';
  return (await host.stat('/run/.containerenv').catch(() => null)) === null ? null : 'podman';
}

/** The `container` variable in a NUL-separated environment. */
export function containerOf(environment: string): string | null {
  const value = environment.split('\0').find((entry) => entry.startsWith('container='));
  const kind = value?.slice('container='.length) ?? '';
  if (kind === '') return null;
  return kind === 'oci' ? 'container-other' : kind;
}

async function detected({ host, memory }: ProbeSources): Promise<string> {
  const boot = (await readOptional(host, '/proc/sys/kernel/random/boot_id')) ?? '';
  const ask = async (): Promise<string> => {
    // Exit code 1 goes with "none".
    const { stdout } = await host.read(['systemd-detect-virt'], { timeoutMs: probeTimeoutMs });
    const kind = stdout.trim();
    if (kind === '') throw new Error('systemd-detect-virt said nothing');
    return kind;
  };
  return await remember(memory.virtualization, boot, { ask });
}
