// Clusters as health is judged from: three masters and workers, everything right, and what a test
// wants otherwise.
import type { MeasuredHealth } from '../../coordinator/presence/health-book.ts';
import type { SeenCluster, SeenHost } from '../../coordinator/presence/seen-cluster.ts';
import type { HealthReport } from '../../shared/model/health.ts';
import { aHealthReport, aMasterReport } from './health-reports.ts';

/** When the tests judge. */
export const nowMs = 1_800_000_000_000;

export const measured = (
  report: HealthReport,
  change: Partial<MeasuredHealth> = {},
): MeasuredHealth => ({ report, measuredMs: nowMs - 5_000, offsetMs: 0, ...change });

export const aSeenHost = (name: string, change: Partial<SeenHost> = {}): SeenHost => ({
  name,
  isMaster: false,
  isNode: true,
  has: { runtime: true, etcd: false, node: true, apiServer: false },
  online: true,
  lastHeardMs: nowMs - 3_000,
  agentVersion: '0.1.0',
  measured: measured(aHealthReport()),
  rejected: 0,
  trouble: null,
  claims: [],
  renewal: null,
  ...change,
});

export const aSeenMaster = (id: number, of: number, report: Partial<HealthReport> = {}): SeenHost =>
  aSeenHost(`m${id}`, {
    isMaster: true,
    has: { runtime: true, etcd: true, node: true, apiServer: true },
    measured: measured(aMasterReport(id, of, report)),
  });

export const away = (host: SeenHost, forMs = 60_000): SeenHost => ({
  ...host,
  online: false,
  lastHeardMs: nowMs - forMs,
});

/** Three masters and one worker, all right. */
export const aSeenCluster = (change: Partial<SeenCluster> = {}): SeenCluster => ({
  name: 'lab',
  hosts: [...[1, 2, 3].map((id) => aSeenMaster(id, 3)), aSeenHost('w1')],
  etcdMembers: ['m1', 'm2', 'm3'],
  ignoresClock: false,
  listeningSinceMs: nowMs - 3_600_000,
  ...change,
});

/** With the host of that name as `host` says. */
export const withHost = (cluster: SeenCluster, host: SeenHost): SeenCluster => ({
  ...cluster,
  hosts: cluster.hosts.map((entry) => (entry.name === host.name ? host : entry)),
});
