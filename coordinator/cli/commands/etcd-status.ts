// `coordinator etcd status` and `coordinator etcd snapshot list`
import { formatAge, formatRest } from '../../../shared/duration.ts';
import type {
  ClusterBackupDocument,
  ClusterDocument,
  EtcdMemberDocument,
  SnapshotDocument,
} from '../../operator/documents.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, withCoordinator } from '../connection.ts';
import { formatDocuments, parseFormat } from '../output.ts';
import { fetchDocuments } from './fetch-documents.ts';

interface ListOptions extends ConnectionOptions {
  readonly output: string;
}

export async function etcdStatus(options: ListOptions, io: CliIo): Promise<undefined> {
  const format = parseFormat(options.output);
  await withCoordinator(options, io, async (call) => {
    const { documents } = await fetchDocuments<EtcdMemberDocument>(call, 'etcd-members', '');
    const now = io.clock.now();
    io.out(formatDocuments(documents, { kind: 'etcd-members', format, now, isSingle: false }));
    if (format !== 'table' && format !== 'wide') return;
    const clusters = await fetchDocuments<ClusterDocument>(call, 'clusters', '');
    for (const line of documents.flatMap(memberLines)) io.err(`${line}\n`);
    for (const { name, backup } of clusters.documents)
      for (const line of backupLines(backup, now)) io.err(`${name}: ${line}\n`);
  });
  return undefined;
}

function memberLines({ name, message, isSparse }: EtcdMemberDocument): readonly string[] {
  return [
    ...(message === null ? [] : [`${name} does not answer: ${message}`]),
    ...(isSparse
      ? [`less than half of the database of ${name} is in use: it is due to be defragmented`]
      : []),
  ];
}

function backupLines(backup: ClusterBackupDocument, now: number): readonly string[] {
  const { lastMs, nextMs, lastCopiedMs, recoveryKey, note } = backup;
  const last = lastMs === null ? 'never' : `${formatAge(now - lastMs)} ago`;
  const next = nextMs === null ? 'by no schedule' : `in ${formatRest(nextMs - now)}`;
  const copied =
    lastCopiedMs === null || recoveryKey === null
      ? []
      : [
          `the newest copy is of ${formatAge(now - lastCopiedMs)} ago, sealed to the recovery key ${recoveryKey}`,
        ];
  return [`last saved ${last}, again ${next}`, ...copied, ...(note === null ? [] : [note])];
}

export async function listSnapshots(options: ListOptions, io: CliIo): Promise<undefined> {
  const format = parseFormat(options.output);
  await withCoordinator(options, io, async (call) => {
    const { documents } = await fetchDocuments<SnapshotDocument>(call, 'snapshots', '');
    const now = io.clock.now();
    io.out(formatDocuments(documents, { kind: 'snapshots', format, now, isSingle: false }));
    if (documents.length === 0 && format === 'table') io.err('no snapshots\n');
  });
  return undefined;
}
