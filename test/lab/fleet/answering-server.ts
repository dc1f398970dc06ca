// Which API server of a kubeconfig to ask: kubectl knows only the one of its context and hangs when
// that master is off. All are asked at once whether they are ready, and the first that is wins.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { type RunResult, tryRun } from '../run.ts';

/** A master that is off does not refuse: it says nothing. */
const patienceSeconds = 5;

export interface Kubectl {
  /** The argv of a kubectl that can reach the servers, without arguments. */
  readonly argv: readonly string[];
  readonly kubeconfig: string;
}

export interface ApiServer {
  readonly context: string;
  readonly url: string;
}

export type Answer =
  | { readonly kind: 'server'; readonly server: ApiServer }
  /** `why` has a line for each server. */
  | { readonly kind: 'none'; readonly why: readonly string[] };

export async function answeringServer(kubectl: Kubectl): Promise<Answer> {
  const servers = await apiServers(kubectl.kubeconfig);
  const others = new AbortController();
  const why: string[] = [];
  const asked = servers.map(async (server) => {
    const { exitCode, stderr } = await readiness(kubectl, server, others.signal);
    if (exitCode === 0) return server;
    why.push(`${server.url}: ${stderr.trim().split('\n').at(-1)}`);
    throw new Error(`${server.url} is not ready`);
  });
  try {
    return { kind: 'server', server: await Promise.any(asked) };
  } catch {
    return { kind: 'none', why };
  } finally {
    others.abort();
  }
}

/** In the order of the file, whose first is the current one. */
async function apiServers(kubeconfig: string): Promise<readonly ApiServer[]> {
  const { contexts, clusters } = parse(await readFile(kubeconfig, 'utf8')) as {
    readonly contexts: readonly { name: string; context: { cluster: string } }[];
    readonly clusters: readonly { name: string; cluster: { server: string } }[];
  };
  return contexts.map(({ name, context }) => ({
    context: name,
    url: clusters.find((entry) => entry.name === context.cluster)?.cluster.server ?? '',
  }));
}

function readiness(
  { argv, kubeconfig }: Kubectl,
  { context }: ApiServer,
  signal: AbortSignal,
): Promise<RunResult> {
  const question = ['get', '--raw', '/readyz', `--request-timeout=${patienceSeconds}s`];
  return tryRun([...argv, '--kubeconfig', kubeconfig, '--context', context, ...question], {
    signal,
  });
}
