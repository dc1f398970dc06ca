// Where things are in the coordinator's data directory. The one place that knows.
import { join } from 'node:path';

export const dataPaths = (dataDir: string) => ({
  keys: join(dataDir, 'keys'),
  fleetCaKey: join(dataDir, 'keys', 'fleet-ca.key'),
  fleetCaCertificate: join(dataDir, 'keys', 'fleet-ca.crt'),
  planKey: join(dataDir, 'keys', 'plan.key'),
  controlKey: join(dataDir, 'keys', 'control.key'),
  serverKey: join(dataDir, 'keys', 'server.key'),
  serverCertificate: join(dataDir, 'keys', 'server.crt'),
  clusterKeys: (cluster: string) => join(dataDir, 'keys', 'clusters', cluster),
  keySet: join(dataDir, 'key-set.json'),
  settings: join(dataDir, 'settings.json'),
  store: join(dataDir, 'store.db'),
  audit: join(dataDir, 'audit.log'),
  artifacts: join(dataDir, 'artifacts', 'sha256'),
  /** Copies of etcd snapshots, sealed: CLUSTER/ID.sealed. */
  snapshots: join(dataDir, 'snapshots'),
  socket: join(dataDir, 'coordinator.sock'),
});
