// Which API server of a kubeconfig to ask: kubectl knows only the one of its context and hangs when
// that master is off. All are asked at once whether they are ready, and the first that is wins.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { tryRun } from './run.ts';

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

/** Null when none is ready. */
export async function answeringServer(kubectl: Kubectl): Promise<ApiServer | null> {
  const servers = await apiServers(kubectl.kubeconfig);
  const [only] = servers;
  if (only !== undefined && servers.length === 1) return only;
  const others = new AbortController();
  const asked = servers.map(async (server) => {
    if (await isReady(kubectl, server, others.signal)) return server;
    throw new Error(`${server.url} is not ready`);
  });
  try {
    return await Promise.any(asked);
  } catch {
    return null;
  } finally {
    others.abort();
  }
}

/** In the order of the file, whose first is the current one. */
export async function apiServers(kubeconfig: string): Promise<readonly ApiServer[]> {
  const { contexts, clusters } = parse(await readFile(kubeconfig, 'utf8')) as {
    readonly contexts: readonly { name: string; context: { cluster: string } }[];
    readonly clusters: readonly { name: string; cluster: { server: string } }[];
  };
  return contexts.map(({ name, context }) => ({
    context: name,
    url: clusters.find((entry) => entry.name === context.cluster)?.cluster.server ?? '',
  }));
}

async function isReady(
  { argv, kubeconfig }: Kubectl,
  { context }: ApiServer,
  signal: AbortSignal,
): Promise<boolean> {
  const question = ['get', '--raw', '/readyz', `--request-timeout=${patienceSeconds}s`];
  const { exitCode } = await tryRun(
    [...argv, '--kubeconfig', kubeconfig, '--context', context, ...question],
    { signal },
  );
  return exitCode === 0;
}
