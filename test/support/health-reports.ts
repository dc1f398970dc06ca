// Builders for health reports: a host on which everything is right, and what a test wants otherwise.
import {
  type EtcdHealth,
  type HealthReport,
  type NodeHealth,
  type UnitHealth,
  type WatchedUnit,
  watchedUnits,
} from '../../shared/model/health.ts';

export const hostSinceMs = 1_799_000_000_000;
const GiB = 1024 ** 3;
const yearMs = 365 * 24 * 3_600_000;

export const aUnit = (name: WatchedUnit, change: Partial<UnitHealth> = {}): UnitHealth => ({
  name,
  load: 'loaded',
  active: 'active',
  sub: 'running',
  result: 'success',
  recentRestarts: 0,
  sinceMs: hostSinceMs,
  ...change,
});

/** All units of a master running, but for those that are said otherwise. */
export const units = (
  changes: Partial<Record<WatchedUnit, Partial<UnitHealth>>> = {},
): readonly UnitHealth[] => watchedUnits.map((name) => aUnit(name, changes[name]));

export const right = { ok: true, message: '', sinceMs: hostSinceMs } as const;
export const wrong = (message: string) => ({ ok: false, message, sinceMs: hostSinceMs }) as const;

export const aSeenNode = (
  change: Partial<NodeHealth & { kind: 'seen' }> = {},
): NodeHealth & { kind: 'seen' } => ({
  kind: 'seen',
  name: 'w1',
  ready: 'True',
  reason: 'KubeletReady',
  message: '',
  sinceMs: hostSinceMs,
  pressures: [],
  ...change,
});

/** Members are m1 … mN with ids 1 … N. */
export const anEtcdMember = (
  id: number,
  of: number,
  change: Partial<EtcdHealth> = {},
): EtcdHealth => ({
  read: right,
  status: {
    memberId: String(id),
    leaderId: '1',
    learner: false,
    databaseBytes: 20 * 1024 * 1024,
    quotaBytes: 2 * GiB,
    alarms: [],
  },
  members: Array.from({ length: of }, (_, index) => ({
    id: String(index + 1),
    name: `m${index + 1}`,
    peerUrls: [`https://192.168.7.${index + 1}:2380`],
    learner: false,
  })),
  ...change,
});

/** Of a worker. */
export const aHealthReport = (change: Partial<HealthReport> = {}): HealthReport => ({
  schema: 'muster/health/v1',
  bootId: 'boot-1',
  units: units({ 'etcd.service': { load: 'not-found', active: 'inactive', sub: 'dead' } }),
  kubelet: right,
  node: aSeenNode(),
  apiServer: null,
  etcd: null,
  certificates: [
    {
      path: '/var/lib/kubelet/pki/kubelet-client-current.pem',
      subject: 'O=system:nodes, CN=system:node:w1',
      notAfterMs: hostSinceMs + yearMs,
    },
  ],
  disks: [{ path: '/', totalBytes: 100 * GiB, freeBytes: 50 * GiB }],
  memory: { totalBytes: 4 * GiB, availableBytes: 2 * GiB },
  clock: { synchronized: true, service: 'chrony' },
  ...change,
});

/** Of the master with the etcd member `id` of `of`. */
export const aMasterReport = (
  id: number,
  of: number,
  change: Partial<HealthReport> = {},
): HealthReport =>
  aHealthReport({
    units: units(),
    node: aSeenNode({ name: `m${id}` }),
    apiServer: right,
    etcd: anEtcdMember(id, of),
    ...change,
  });
