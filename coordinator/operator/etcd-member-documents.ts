// The members of etcd as operators are shown them, from what the agents of their hosts measured.

import { isSparse } from '../presence/etcd-view.ts';
import { FRESH_MS } from '../presence/judge-host.ts';
import type { OperatorDependencies } from './dependencies.ts';
import type { EtcdMemberDocument } from './documents.ts';
import type { Seen } from './node-documents.ts';

export function etcdMemberDocuments(
  { view: { cluster, nodes } }: Seen,
  { health, clock }: Pick<OperatorDependencies, 'health' | 'clock'>,
): readonly EtcdMemberDocument[] {
  return (cluster.etcd?.members ?? []).map(({ nodeId, name }) => {
    const measured = health.book.of(nodeId);
    const isFresh = measured !== null && clock.now() - measured.measuredMs <= FRESH_MS;
    const etcd = isFresh ? measured.report.etcd : null;
    const status = etcd === null || etcd.status === 'unknown' ? null : etcd.status;
    const offsetMs = measured?.offsetMs ?? 0;
    const online = nodes.some(({ record, online }) => record.id === nodeId && online);
    return {
      kind: 'EtcdMember',
      name,
      cluster: cluster.name,
      id: status === null ? null : BigInt(status.memberId).toString(16),
      state: stateOf(etcd?.read.ok ?? null, online),
      isLeader: status === null ? null : status.leaderId === status.memberId,
      isLearner: status?.learner ?? null,
      version: status?.version ?? null,
      databaseBytes: status?.databaseBytes ?? null,
      inUseBytes: status?.inUseBytes ?? null,
      quotaBytes: status?.quotaBytes ?? null,
      isSparse: isSparse(status?.databaseBytes ?? 0, status?.inUseBytes ?? 0),
      raftIndex: status?.raftIndex ?? null,
      raftTerm: status?.raftTerm ?? null,
      alarms: (status?.alarms ?? []).map((alarm) => alarm.name),
      message: etcd === null || etcd.read.ok ? null : etcd.read.message,
      sinceMs: etcd === null ? null : etcd.read.sinceMs + offsetMs,
      measuredMs: measured?.measuredMs ?? null,
      labels: {},
    };
  });
}

function stateOf(ok: boolean | null, online: boolean): EtcdMemberDocument['state'] {
  if (ok === null) return online ? 'unknown' : 'away';
  return ok ? 'healthy' : 'down';
}
