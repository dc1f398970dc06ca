// After a start: what an earlier process was fetching when it ended is fetched on.
import { type ClusterRecord, keys } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { ArtifactProvider } from './artifact-provider.ts';

export async function resumePulls(
  store: Pick<Store, 'range'>,
  artifacts: ArtifactProvider,
): Promise<void> {
  const stored = await artifacts.stored();
  for (const { value } of await store.range<ClusterRecord>(keys.clusters)) {
    const isComplete = value.lock.artifacts.every(({ sha256 }) => stored.has(sha256));
    if (!isComplete) artifacts.pullInBackground(value.lock);
  }
}
