// The two certificate authorities of a cluster's etcd: peers, and clients with the servers they talk
// to. Neither trusts the other nor the fleet CA. Keys are files, never in the store.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { CertificateProfile } from '../../shared/model/step.ts';
import { createCaCertificate, type Issuer, issueLeaf } from './certificate.ts';
import { dataPaths } from './paths.ts';
import { makePrivateDirectory, readIfPresent, writePrivateFile } from './private-file.ts';

export type ClusterCaName = 'etcd-peer' | 'etcd-client';

export interface ClusterCertificateRequest {
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;
  readonly commonName: string;
  readonly names: readonly string[];
  readonly now: number;
}

export interface ClusterCa {
  readonly caPem: string;
  /** PEM of a leaf. @throws AppError invalid for a profile of the other CA. */
  issue(profile: CertificateProfile, request: ClusterCertificateRequest): Promise<string>;
}

const year = 365 * 24 * 60 * 60 * 1000;
const caLifetimeMs = 10 * year;
const leafLifetimeMs = year;

const profiles = {
  'etcd-peer': { ca: 'etcd-peer', usages: ['client', 'server'] },
  // etcd's gateway dials its own server with the server's certificate.
  'etcd-server': { ca: 'etcd-client', usages: ['server', 'client'] },
  'etcd-client': { ca: 'etcd-client', usages: ['client'] },
} as const satisfies Record<
  CertificateProfile,
  { ca: ClusterCaName; usages: readonly ('client' | 'server')[] }
>;

export const caOfProfile = (profile: CertificateProfile): ClusterCaName => profiles[profile].ca;

/** Opens the CA, making what of it is missing. */
export async function openClusterCa(
  dataDir: string,
  cluster: string,
  options: { readonly ca: ClusterCaName; readonly now: number },
): Promise<ClusterCa> {
  const { ca, now } = options;
  if (!/^[a-z0-9][a-z0-9-]*$/.test(cluster)) {
    throw new AppError('invalid', `not a cluster's name: ${JSON.stringify(cluster)}`);
  }
  const folder = dataPaths(dataDir).clusterKeys(cluster);
  await makePrivateDirectory(folder);
  const keyPath = join(folder, `${ca}-ca.key`);
  const certificatePath = join(folder, `${ca}-ca.crt`);
  const key = createPrivateKey((await readIfPresent(keyPath)) ?? (await newKey(keyPath)));
  const issuer: Issuer = { name: [{ CN: [`${cluster} ${ca} CA`] }, { OU: ['muster'] }], key };
  let caPem = await readIfPresent(certificatePath);
  if (caPem === null) {
    caPem = await createCaCertificate(issuer, { lifetimeMs: caLifetimeMs, now });
    await writePrivateFile(certificatePath, caPem);
  }
  return {
    caPem,
    issue: async (profile, request) => {
      if (caOfProfile(profile) !== ca) {
        throw new AppError('invalid', `the ${ca} CA does not issue ${profile} certificates`);
      }
      return await issueLeaf(issuer, {
        subject: [{ CN: [request.commonName] }],
        publicKey: request.publicKey,
        names: request.names,
        usages: profiles[profile].usages,
        lifetimeMs: leafLifetimeMs,
        now: request.now,
      });
    },
  };
}

async function newKey(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  await writePrivateFile(path, pem);
  return pem;
}
