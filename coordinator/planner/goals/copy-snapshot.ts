// The newest snapshot that was sealed to the operator's recovery key goes to the coordinator, from the
// host that took it. An older one that was not copied is not waited for: the newest counts.
import { copySnapshot as runbook } from '../../runbooks/etcd-care.ts';
import { type Goal, nothing, wants } from '../goal.ts';

export const copySnapshot: Goal = {
  kind: 'copy-snapshot',
  wishes: ({ cluster, topology }) => {
    const newest = cluster.snapshots?.findLast(({ sealed }) => sealed !== null);
    if (newest === undefined || newest.copiedMs !== null || !newest.isOnHost) return nothing;
    const { id, nodeId, path, sealed } = newest;
    const by = topology.byId.get(nodeId);
    if (by === undefined || sealed === null) return nothing;
    return wants({
      kind: 'copy-snapshot',
      subject: id,
      by,
      goal: 'copy an etcd snapshot to the coordinator',
      inputs: () => sealed,
      stages: () => runbook({ id, path, sealed }),
    });
  },
};
