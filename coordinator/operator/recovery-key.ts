// The public half of an operator's recovery key, taken into the cluster's record: what snapshots are
// encrypted to from then on. The private half is never asked for.
import { AppError } from '../../shared/errors.ts';
import { checkRecoveryKey, fingerprintOf } from '../../shared/recovery-key.ts';
import { type ClusterRecord, keys } from '../store/records.ts';
import { update } from '../store/store.ts';
import { onlyCluster } from './clusters.ts';
import type { OperatorDependencies } from './dependencies.ts';
import { noteOperator } from './note.ts';

type Dependencies = Pick<OperatorDependencies, 'store' | 'clock' | 'audit' | 'feed'>;

/** @throws AppError invalid, refused (there is another one) */
export async function setRecoveryKey(
  deps: Dependencies,
  { publicKey, mayReplace }: { readonly publicKey: string; readonly mayReplace: boolean },
): Promise<{ readonly fingerprint: string; readonly cluster: string }> {
  checkRecoveryKey(publicKey);
  const fingerprint = fingerprintOf(publicKey);
  const { value } = await onlyCluster(deps.store);
  const cluster = value.name;
  await update<ClusterRecord>(deps.store, keys.cluster(cluster), (current) => {
    if (current === null || current.recoveryKey?.fingerprint === fingerprint) return null;
    if (current.recoveryKey !== undefined && !mayReplace) {
      throw new AppError(
        'refused',
        `snapshots of ${cluster} are sealed to the recovery key ${current.recoveryKey.fingerprint}: with --replace the next ones are sealed to the new one; those that are there still need the old one`,
      );
    }
    const setMs = deps.clock.now();
    return { ...current, recoveryKey: { publicKey, fingerprint, setMs } };
  });
  const text = `recovery key ${fingerprint} set`;
  await noteOperator(deps, { call: 'SetRecoveryKey', cluster, text, fields: { fingerprint } });
  return { fingerprint, cluster };
}
