// The keys and certificates of a simulated fleet: the same in every world, made once in a process. What
// they prove is proven elsewhere; here they are what real handlers and agents check.
import {
  createECDH,
  createHash,
  createPrivateKey,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { createCertificateRequest } from '../../../agent/identity/certificate-request.ts';
import { createCaCertificate, type Issuer, spkiOf } from '../../../coordinator/keys/certificate.ts';
import type { Keys } from '../../../coordinator/keys/keys.ts';
import { sha256Hex } from '../../../shared/canonical.ts';
import { base64urlSha256 } from '../../../shared/join-token.ts';
import type { KeySet } from '../../../shared/model/plan.ts';
import { publicKeyText } from '../../../shared/signature.ts';
import { worldStartMs } from '../core/life.ts';
import { type NodeCertificates, nodeCertificates } from './node-certificates.ts';

const day = 24 * 3_600_000;
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** P-256, the same for the same name. */
export function p256Key(name: string): KeyObject {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(digest(`simulated ${name}`));
  const point = ecdh.getPublicKey();
  const part = (from: number): string => point.subarray(from, from + 32).toString('base64url');
  return createPrivateKey({
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: ecdh.getPrivateKey().toString('base64url'),
      x: part(1),
      y: part(33),
    },
    format: 'jwk',
  });
}

/** Ed25519, the same for the same name. */
const signingKey = (name: string): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), digest(name)]),
    format: 'der',
    type: 'pkcs8',
  });

const request = createCertificateRequest(p256Key('etcd certificates'), 'etcd');
/** Of a key that is no node's. */
export const certificateRequest = (): Buffer => request;

export interface FixedKeys {
  readonly keys: Keys;
  readonly caPem: string;
  /** Key of a host, by its name. */
  readonly keyOf: (host: string) => KeyObject;
  readonly nodeIdOf: (host: string) => string;
  /** DER of a node's certificate of the first day. */
  readonly certificateOf: (host: string) => Buffer;
}

/** @param hosts every name that a world may have */
export async function makeFixedKeys(hosts: readonly string[]): Promise<FixedKeys> {
  const issuer: Issuer = { name: [{ CN: ['muster fleet fsimulated'] }], key: p256Key('fleet CA') };
  const caPem = await createCaCertificate(issuer, { lifetimeMs: 3650 * day, now: worldStartMs });
  const ca = new X509Certificate(caPem).raw;
  const nodeKeys = new Map(hosts.map((name) => [name, p256Key(`node ${name}`)]));
  const certificates = new Map<string, NodeCertificates>();
  for (const [, key] of nodeKeys) {
    const spki = spkiOf(key);
    certificates.set(Buffer.from(spki).toString('base64'), await nodeCertificates(issuer, spki));
  }
  const keyOf = (name: string): KeyObject => {
    const key = nodeKeys.get(name);
    if (key === undefined) throw new Error(`there is no key for ${name}`);
    return key;
  };
  const certificateFor = (spki: Uint8Array, now: number): Buffer => {
    const found = certificates.get(Buffer.from(spki).toString('base64'));
    if (found === undefined) throw new Error('a key that no host of the world has');
    return found.issue(now);
  };
  const planKey = signingKey('plan');
  const controlKey = signingKey('control');
  const keySet: KeySet = {
    schema: 'muster/keys/v1',
    version: 1,
    plan: [publicKeyText(planKey)],
    control: [publicKeyText(controlKey)],
  };
  const keySetBytes = Buffer.from(JSON.stringify(keySet));
  const none = (): never => {
    throw new Error('nobody asks for this in a simulated world');
  };
  const keys: Keys = {
    fleetCaPem: caPem,
    pin: base64urlSha256(spkiOf(issuer.key)),
    keySetBytes,
    keySetDigest: base64urlSha256(keySetBytes),
    serverIdentity: { caPem, chainPem: '', keyPem: '' },
    renewServer: async () => none(),
    planKey,
    controlKey,
    issueNodeCertificate: async (spki, _nodeId, now) => [certificateFor(spki, now), ca],
    issueOperatorCertificate: async () => none(),
    clusterCa: async () => ({ caPem: 'authority', issue: async () => 'certificate' }),
  };
  return {
    keys,
    caPem,
    keyOf,
    nodeIdOf: (host) => sha256Hex(spkiOf(keyOf(host))).slice(0, 16),
    certificateOf: (host) => certificateFor(spkiOf(keyOf(host)), worldStartMs),
  };
}
