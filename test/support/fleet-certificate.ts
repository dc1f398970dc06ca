// A certificate by a coordinator's own fleet CA, with whatever a test wants in it.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { issueLeaf } from '../../coordinator/keys/certificate.ts';
import { dataPaths } from '../../coordinator/keys/paths.ts';
import type { TestCoordinator } from './coordinator.ts';
import { type NodeKeys, newNodeKeys } from './test-node.ts';

export interface CertificateWish {
  readonly unit: string;
  /** @default the node id of the key */
  readonly name?: string;
  readonly organization?: string;
  /** @default new ones */
  readonly keys?: NodeKeys;
}

export async function certificateFor(
  coordinator: TestCoordinator,
  wish: CertificateWish,
): Promise<{ readonly keys: NodeKeys; readonly chainPem: string }> {
  const keys = wish.keys ?? newNodeKeys();
  const paths = dataPaths(coordinator.dataDir);
  const caPem = await readFile(paths.fleetCaCertificate, 'utf8');
  const key = createPrivateKey(await readFile(paths.fleetCaKey, 'utf8'));
  const issuer = {
    name: [{ CN: [new X509Certificate(caPem).subject.replace('CN=', '')] }],
    key,
  };
  const { name = keys.nodeId, organization, unit } = wish;
  const leaf = await issueLeaf(issuer, {
    subject: [
      { CN: [name] },
      { OU: [unit] },
      ...(organization === undefined ? [] : [{ O: [organization] }]),
    ],
    publicKey: keys.spki,
    names: [],
    usages: ['client'],
    lifetimeMs: 60_000,
    now: Date.now(),
  });
  return { keys, chainPem: leaf + caPem };
}
