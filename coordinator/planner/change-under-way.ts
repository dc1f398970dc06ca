// What is said of whatever has to wait for the change of the control plane or of etcd that is under way.
import type { ControlPlaneChange } from '../store/records.ts';
import type { Situation } from './situation.ts';
import type { WaitReason } from './wait.ts';

type Reason = Extract<WaitReason, { code: 'change-under-way' }>;

/** @param turn of what waits */
export function changeUnderWay(
  { topology }: Situation,
  change: ControlPlaneChange,
  turn: Reason['turn'],
): Reason {
  const first = change.subjects[0] ?? change.delegate;
  const found = topology.byId.get(first);
  const isAway = found?.node.online !== true;
  return {
    code: 'change-under-way',
    turn,
    change: change.kind,
    subject: found?.name ?? first,
    isAway,
  };
}
