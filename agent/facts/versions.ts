// Versions of Kubernetes' programs and of container runtimes. Each program is asked once: its answer
// is kept until its file changes. One that has not said its version yet is reported as 'unknown'.
import { isAbort } from '../../shared/errors.ts';
import { type ProbeSources, probeTimeoutMs, tellOnce } from './probe.ts';
import { findProgram } from './tools.ts';

/** Kubernetes writes its versions with a v, the others without: so does the artifact lock. */
const programs = {
  kubelet: { args: ['--version'], hasV: true },
  kubeadm: { args: ['version', '-o', 'short'], hasV: true },
  kubectl: { args: ['version', '--client'], hasV: true },
  etcd: { args: ['--version'], hasV: false },
  containerd: { args: ['--version'], hasV: false },
  runc: { args: ['--version'], hasV: false },
  dockerd: { args: ['--version'], hasV: false },
  crio: { args: ['--version'], hasV: false },
} as const;

/** A program that starts for the first time on a slow host reads 50 MB from its disk first. */
const answerTimeoutMs = 60_000;

type Program = keyof typeof programs;

const installedAsked = ['kubelet', 'kubeadm', 'kubectl', 'etcd', 'containerd', 'runc'] as const;
const runtimesAsked = ['containerd', 'dockerd', 'crio'] as const;

export async function installed(sources: ProbeSources): Promise<Readonly<Record<string, string>>> {
  const found = await Promise.all(
    installedAsked.map(async (name) => {
      const path = await findProgram(sources.host, name);
      return path === null ? [] : [[name, await versionOf(sources, { name, path })] as const];
    }),
  );
  return Object.fromEntries(found.flat());
}

export interface RuntimeFact {
  readonly name: string;
  readonly version: string;
  /** The program's path, which shows whether a package or Muster put it there. */
  readonly source: string;
}

export async function runtimes(sources: ProbeSources): Promise<readonly RuntimeFact[]> {
  const found = await Promise.all(
    runtimesAsked.map(async (name) => {
      const path = await findProgram(sources.host, name);
      if (path === null) return [];
      return [{ name, version: await versionOf(sources, { name, path }), source: path }];
    }),
  );
  return found.flat();
}

/** The first version in the first lines of what a program prints about itself. */
export function parseVersion(text: string, options: { readonly hasV: boolean }): string | null {
  // Neither the /v2 of a Go module nor the go1.25.1 of its compiler.
  const [, version] =
    /(?:^|[\s:"])v?(\d+\.\d+(?:\.\d+)?(?:[-+~][0-9A-Za-z.+~-]+)?)/.exec(text) ?? [];
  if (version === undefined) return null;
  // containerd built outside of its git repository says 2.4.2+unknown.
  const plain = version.replace(/\+unknown$/, '');
  return options.hasV ? `v${plain}` : plain;
}

async function versionOf(
  sources: ProbeSources,
  program: { readonly name: Program; readonly path: string },
): Promise<string> {
  const { name, path } = program;
  const { host, machine, memory, clock } = sources;
  const ask = async (): Promise<string> => {
    const { args, hasV } = programs[name];
    const { stdout } = await host.read([path, ...args], { timeoutMs: answerTimeoutMs });
    const version = parseVersion(stdout, { hasV });
    if (version === null) throw new Error(`${path} did not say its version`);
    return version;
  };
  const late = new AbortController();
  try {
    const stamp = await machine.stampOf(path);
    const tooLate = clock.sleep(probeTimeoutMs, late.signal).then(() => {
      throw new Error(`${path} has not said its version yet`);
    });
    return await Promise.race([memory.versions.answer({ path, stamp, ask }), tooLate]);
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    tellOnce(sources, `version of ${name}`, thrown);
    return 'unknown';
  } finally {
    late.abort();
  }
}
