// Runbooks of what etcd needs while it lives: snapshots, their way to the coordinator, and the
// defragmentation of one member.
import type { Stage } from '../../shared/model/plan.ts';
import type { EtcdEndpoint } from '../../shared/model/step.ts';
import { etcdEndpoint, type Member } from '../planner/topology.ts';
import { etcdClientPaths, paths, sharedKeys } from '../render/paths.ts';
import type { RecoveryKey, SealedSnapshot } from '../store/records.ts';
import { type GateAfter, type GateBefore, gateAfter, gateBefore } from './gate.ts';
import { disruptive, stage, step } from './step-builder.ts';

export interface SnapshotInputs {
  readonly member: Member;
  /** Of the run. */
  readonly id: string;
  readonly cluster: string;
  readonly keep: number;
  /** Null: the snapshot stays on the host as it is. */
  readonly recoveryKey: RecoveryKey | null;
}

const sealedPathOf = (path: string): string => `${path}.sealed`;

/** What went before is removed only when the new one is there and right. */
export function saveSnapshot(inputs: SnapshotInputs): readonly Stage[] {
  const { member, id, cluster, keep, recoveryKey } = inputs;
  const path = `${paths.etcdSnapshots}/${id}.db`;
  return [
    stage(
      'snapshot',
      step('snapshot', 'etcd-snapshot', {
        path,
        endpoint: etcdEndpoint(member).clientUrl,
        credentials: etcdClientPaths,
      }),
    ),
    stage(
      'older snapshots',
      step('prune', 'prune-snapshots', { directory: paths.etcdSnapshots, keep }),
    ),
    ...(recoveryKey === null
      ? []
      : [
          stage(
            'sealed',
            step('seal', 'seal-snapshot', {
              path,
              sealedPath: sealedPathOf(path),
              cluster,
              id,
              recoveryKey: recoveryKey.publicKey,
              files: sharedKeys,
            }),
          ),
        ]),
  ];
}

export interface CopyInputs {
  readonly id: string;
  /** Of the snapshot. */
  readonly path: string;
  readonly sealed: SealedSnapshot;
}

/** The coordinator takes what this names, and nothing else. */
export function copySnapshot({ id, path, sealed }: CopyInputs): readonly Stage[] {
  const { sha256, bytes } = sealed;
  return [
    stage('copy', step('copy', 'upload-snapshot', { id, path: sealedPathOf(path), sha256, bytes })),
    stage('sealed copy gone', step('forget', 'remove-path', { path: sealedPathOf(path) })),
  ];
}

export function defragmentMember(
  inputs: { readonly member: Member; readonly etcd: readonly EtcdEndpoint[] },
  gates: { readonly before: GateBefore; readonly after: GateAfter },
): readonly Stage[] {
  const { member, etcd } = inputs;
  const parties = { members: etcd, masters: [], subject: member };
  return [
    stage('gate', ...gateBefore(gates.before, parties)),
    stage(
      'defragment',
      disruptive(
        step('defragment', 'defragment-etcd', {
          endpoint: etcdEndpoint(member).clientUrl,
          credentials: etcdClientPaths,
        }),
      ),
    ),
    stage('gate after', ...gateAfter(gates.after, parties)),
  ];
}
