// The coordinator's keys: the fleet CA, the two signing keys and the server's certificate. Files
// under keys/, 0600, never in the store. Everything that needs a key asks here; nothing else reads
// the files.
import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import { base64urlSha256 } from '../../shared/join-token.ts';
import type { KeySet } from '../../shared/model/plan.ts';
import type { ServerIdentity } from '../../shared/rpc/tls.ts';
import { publicKeyText } from '../../shared/signature.ts';
import type { OperatorRole } from '../store/records.ts';
import { createCaCertificate, type Issuer, issueLeaf, spkiOf } from './certificate.ts';
import { type ClusterCa, type ClusterCaName, openClusterCa } from './cluster-ca.ts';
import { dataPaths } from './paths.ts';
import { makePrivateDirectory, readIfPresent, writePrivateFile } from './private-file.ts';
import { isServerCertificateFresh, issueServerCertificate } from './server-certificate.ts';

export const NODE_UNIT = 'muster:node';
export const OPERATOR_UNIT = 'muster:operator';

export interface Keys {
  readonly fleetCaPem: string;
  /** Base64url SHA-256 of the fleet CA's SPKI. */
  readonly pin: string;
  /** JSON of KeySet: exactly these bytes go to members. */
  readonly keySetBytes: Uint8Array;
  /** Base64url SHA-256 of `keySetBytes`. */
  readonly keySetDigest: string;
  /** As it was issued last. */
  readonly serverIdentity: ServerIdentity;
  /** Issued anew when it nears its end or does not name all of the addresses. */
  renewServer(need: ServerCertificateNeed): Promise<ServerIdentity>;
  readonly planKey: KeyObject;
  readonly controlKey: KeyObject;
  /** DER, leaf then fleet CA. */
  issueNodeCertificate(
    publicKeySpki: Uint8Array,
    nodeId: string,
    now: number,
  ): Promise<readonly Uint8Array[]>;
  /** PEM, leaf then fleet CA. */
  issueOperatorCertificate(request: OperatorCertificateRequest): Promise<string>;
  clusterCa(cluster: string, ca: ClusterCaName): Promise<ClusterCa>;
}

export interface OperatorCertificateRequest {
  readonly publicKey: Uint8Array;
  readonly name: string;
  readonly role: OperatorRole;
  readonly lifetimeMs: number;
  readonly now: number;
}

export interface InitKeysOptions {
  readonly dataDir: string;
  /** Names and addresses the server's certificate is for, besides COORDINATOR_NAME. */
  readonly addresses: readonly string[];
  readonly fleet: string;
  /** @default the time now */
  readonly now?: number;
}

export interface ServerCertificateNeed {
  readonly addresses: readonly string[];
  readonly now: number;
}

const day = 24 * 60 * 60 * 1000;
const fleetCaLifetimeMs = 3650 * day;
const nodeLifetimeMs = day;

/** Makes every key that is missing: after a crash in the middle, calling again finishes the work. */
export async function initKeys(options: InitKeysOptions): Promise<Keys> {
  const now = options.now ?? Date.now();
  const paths = dataPaths(options.dataDir);
  await makePrivateDirectory(options.dataDir);
  await makePrivateDirectory(paths.keys);
  const caKey = await openOrMakeKey(paths.fleetCaKey, 'ec');
  const planKey = await openOrMakeKey(paths.planKey, 'ed25519');
  const controlKey = await openOrMakeKey(paths.controlKey, 'ed25519');
  await openOrMakeKey(paths.serverKey, 'ec');
  if ((await readIfPresent(paths.fleetCaCertificate)) === null) {
    const issuer: Issuer = { name: [{ CN: [`muster fleet ${options.fleet}`] }], key: caKey };
    const dates = { lifetimeMs: fleetCaLifetimeMs, now };
    await writePrivateFile(paths.fleetCaCertificate, await createCaCertificate(issuer, dates));
  }
  if ((await readIfPresent(paths.keySet)) === null) {
    const keySet: KeySet = {
      schema: 'muster/keys/v1',
      version: 1,
      plan: [publicKeyText(planKey)],
      control: [publicKeyText(controlKey)],
    };
    await writePrivateFile(paths.keySet, JSON.stringify(keySet));
  }
  return await openKeys(options.dataDir, { addresses: options.addresses, now });
}

/**
 * Reads the keys; the server's certificate is issued anew when it nears its end or does not name all
 * of `addresses`. @throws AppError not-found when the directory was not initialised.
 */
export async function openKeys(
  dataDir: string,
  server: ServerCertificateNeed = { addresses: [], now: Date.now() },
): Promise<Keys> {
  const paths = dataPaths(dataDir);
  const fleetCaPem = await readKeyFile(paths.fleetCaCertificate);
  const fleetCa = new X509Certificate(fleetCaPem);
  const caKey = createPrivateKey(await readKeyFile(paths.fleetCaKey));
  if (!fleetCa.checkPrivateKey(caKey)) {
    throw new AppError(
      'internal',
      `${paths.fleetCaKey} is not the key of ${paths.fleetCaCertificate}`,
    );
  }
  const issuer: Issuer = { name: subjectOf(fleetCa), key: caKey };
  const keySetBytes = Buffer.from(await readKeyFile(paths.keySet));
  const clusterCas = new Map<string, Promise<ClusterCa>>();
  let identity = await openServerIdentity({ dataDir, fleetCaPem, issuer, ...server });

  return {
    fleetCaPem,
    pin: base64urlSha256(spkiOf(fleetCa.publicKey)),
    keySetBytes,
    keySetDigest: base64urlSha256(keySetBytes),
    get serverIdentity() {
      return identity;
    },
    renewServer: async (need) => {
      identity = await openServerIdentity({ dataDir, fleetCaPem, issuer, ...need });
      return identity;
    },
    planKey: createPrivateKey(await readKeyFile(paths.planKey)),
    controlKey: createPrivateKey(await readKeyFile(paths.controlKey)),
    issueNodeCertificate: async (publicKey, nodeId, now) => {
      const pem = await issueLeaf(issuer, {
        subject: [{ CN: [nodeId] }, { OU: [NODE_UNIT] }],
        publicKey,
        names: [],
        usages: ['client'],
        lifetimeMs: nodeLifetimeMs,
        now,
      });
      return [new X509Certificate(pem).raw, fleetCa.raw];
    },
    issueOperatorCertificate: async ({ publicKey, name, role, lifetimeMs, now }) => {
      const subject = [{ CN: [name] }, { OU: [OPERATOR_UNIT] }, { O: [`muster:${role}`] }];
      const leaf = { subject, publicKey, names: [], usages: ['client'], lifetimeMs, now } as const;
      return (await issueLeaf(issuer, leaf)) + fleetCaPem;
    },
    clusterCa: (cluster, ca) => {
      const id = `${cluster}/${ca}`;
      const open = clusterCas.get(id) ?? openClusterCa(dataDir, cluster, { ca, now: Date.now() });
      clusterCas.set(id, open);
      open.catch(() => clusterCas.delete(id));
      return open;
    },
  };
}

async function openServerIdentity(options: {
  readonly dataDir: string;
  readonly fleetCaPem: string;
  readonly issuer: Issuer;
  readonly addresses: readonly string[];
  readonly now: number;
}): Promise<ServerIdentity> {
  const paths = dataPaths(options.dataDir);
  const keyPem = await readKeyFile(paths.serverKey);
  const publicKey = spkiOf(createPrivateKey(keyPem));
  let leaf = await readIfPresent(paths.serverCertificate);
  if (leaf === null || !isServerCertificateFresh(leaf, { ...options, publicKey })) {
    leaf = await issueServerCertificate(options.issuer, { ...options, publicKey });
    await writePrivateFile(paths.serverCertificate, leaf);
  }
  return { caPem: options.fleetCaPem, chainPem: leaf + options.fleetCaPem, keyPem };
}

async function openOrMakeKey(path: string, type: 'ec' | 'ed25519'): Promise<KeyObject> {
  const present = await readIfPresent(path);
  if (present !== null) return createPrivateKey(present);
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519');
  await writePrivateFile(path, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
  return privateKey;
}

async function readKeyFile(path: string): Promise<string> {
  const content = await readIfPresent(path);
  if (content !== null) return content;
  throw new AppError(
    'not-found',
    `${path} is missing: run \`coordinator init\` first, or restore the data directory from a backup`,
  );
}

/** The CA's only name is its common name, which makes this exact. */
const subjectOf = (certificate: X509Certificate) => [
  { CN: [certificate.subject.replace(/^CN=/, '')] },
];
