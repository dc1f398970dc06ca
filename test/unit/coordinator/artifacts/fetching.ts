// What every test of fetching needs: a directory of its own, a store in it, and time that costs nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArtifactStore } from '../../../../coordinator/artifacts/artifact-store.ts';
import type { FetchDependencies } from '../../../../coordinator/artifacts/fetch-artifact.ts';
import { ReleaseBases } from '../../../../coordinator/artifacts/release-bases.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { type LocalSite, startLocalSite } from './local-site.ts';

export interface Fetching extends AsyncDisposable {
  readonly directory: string;
  readonly site: LocalSite;
  readonly store: ArtifactStore;
  /** Waits between tries, in milliseconds. */
  readonly waits: number[];
  readonly deps: FetchDependencies;
}

const hosts = ['dl.k8s.io', 'github.com', 'registry.k8s.io', 'ghcr.io', 'registry-1.docker.io'];

export async function startFetching(signal = new AbortController().signal): Promise<Fetching> {
  const directory = await mkdtemp(join(tmpdir(), 'muster-artifacts-'));
  const site = await startLocalSite();
  const store = new ArtifactStore(join(directory, 'sha256'));
  const waits: number[] = [];
  const clock: Clock = {
    now: () => 0,
    boot: () => 0,
    sleep: async (ms) => {
      waits.push(ms);
    },
  };
  const bases = new ReleaseBases(Object.fromEntries(hosts.map((host) => [host, site.base])));
  return {
    directory,
    site,
    store,
    waits,
    deps: { store, bases, fetch, clock, random: () => 0.5, signal },
    [Symbol.asyncDispose]: async () => {
      await site.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
