import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createArtifactProvider } from '../../../coordinator/artifacts/artifact-provider.ts';
import { ArtifactStore } from '../../../coordinator/artifacts/artifact-store.ts';
import { ReleaseBases } from '../../../coordinator/artifacts/release-bases.ts';
import { requireSettings } from '../../../coordinator/config.ts';
import { createCore } from '../../../coordinator/core.ts';
import { openAuditLog } from '../../../coordinator/events/audit-log.ts';
import { initCoordinator } from '../../../coordinator/init.ts';
import { openKeys } from '../../../coordinator/keys/keys.ts';
import { dataPaths } from '../../../coordinator/keys/paths.ts';
import { keys as recordKeys } from '../../../coordinator/store/records.ts';
import { openSqliteStore } from '../../../coordinator/store/sqlite-store.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { aCluster } from '../../support/cluster-builders.ts';
import { decidesNothing } from '../../support/coordinator.ts';
import { noSnapshots } from '../../support/quiet-parts.ts';

test('a core is put together and starts nothing: artifacts are pulled once per start, by serve', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-core-'));
  const paths = dataPaths(dataDir);
  const addresses = ['127.0.0.1'];
  await initCoordinator({ dataDir, addresses, grpcPort: 0, httpsPort: 0 });
  const store = openSqliteStore(paths.store);
  const audit = await openAuditLog(paths.audit, systemClock);
  try {
    const cluster = aCluster();
    await store.put(recordKeys.cluster(cluster.name), cluster, 0);
    const core = await createCore({
      settings: await requireSettings(dataDir),
      store,
      keys: await openKeys(dataDir, { addresses, now: Date.now() }),
      audit,
      clock: systemClock,
      log: silentLogger,
      signal: new AbortController().signal,
      decide: decidesNothing,
      openArtifacts: (onChange) =>
        createArtifactProvider({
          store: new ArtifactStore(paths.artifacts),
          bases: new ReleaseBases(),
          fetch,
          clock: systemClock,
          random: Math.random,
          signal: new AbortController().signal,
          log: silentLogger,
          architecture: 'amd64',
          onChange,
        }),
      agentBinaries: {},
      agentUnit: '',
      snapshots: noSnapshots,
    });
    expect(core.artifacts.pullState(cluster.lock)).toBeNull();
  } finally {
    await audit.close();
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});
