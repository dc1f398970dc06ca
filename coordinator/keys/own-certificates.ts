// The coordinator's own certificates, for people who look when they end: the one that it serves, and the
// authorities it keeps.
import type { Keys } from './keys.ts';
import { dataPaths } from './paths.ts';

export interface OwnCertificate {
  /** In the coordinator's data directory. */
  readonly path: string;
  readonly pem: string;
  /** What the coordinator shows to whoever connects is this very one. */
  readonly isServed: boolean;
}

export async function ownCertificates(
  keys: Pick<Keys, 'fleetCaPem' | 'serverIdentity' | 'clusterCa'>,
  clusters: readonly string[],
): Promise<readonly OwnCertificate[]> {
  const paths = dataPaths('');
  const ofClusters = clusters.flatMap((cluster) =>
    (['etcd-peer', 'etcd-client'] as const).map(async (name): Promise<OwnCertificate> => {
      const { caPem } = await keys.clusterCa(cluster, name);
      return { path: `${paths.clusterKeys(cluster)}/${name}-ca.crt`, pem: caPem, isServed: false };
    }),
  );
  return [
    { path: paths.serverCertificate, pem: keys.serverIdentity.chainPem, isServed: true },
    { path: paths.fleetCaCertificate, pem: keys.fleetCaPem, isServed: false },
    ...(await Promise.all(ofClusters)),
  ];
}
