// The node's key: P-256, made on the host, never sent. On disk and fsynced before the first call of
// a join, so that a lost reply never strands a host: the same key asks again.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import { asNodeId, type NodeId } from '../../shared/model/ids.ts';
import { type IdentityFolder, readFrom, writeTo } from './identity-folder.ts';

export interface NodeKey {
  readonly nodeId: NodeId;
  readonly key: KeyObject;
  readonly pem: string;
  readonly publicDer: Buffer;
}

const fileName = 'node.key';

/** The first 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
export function nodeIdOf(publicDer: Uint8Array): NodeId {
  return asNodeId(createHash('sha256').update(publicDer).digest('hex').slice(0, 16));
}

function nodeKeyFromPem(pem: string): NodeKey {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new AppError('invalid', 'the node key is not a P-256 key: remove it and join again');
  }
  const publicDer = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { nodeId: nodeIdOf(publicDer), key, pem, publicDer };
}

/** Null before the first join. */
export async function readNodeKey(folder: IdentityFolder): Promise<NodeKey | null> {
  const pem = await readFrom(folder, fileName);
  return pem === null ? null : nodeKeyFromPem(pem.toString('utf8'));
}

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

/** @param makeKey P-256; called when there is none yet */
export async function ensureNodeKey(folder: IdentityFolder, makeKey = newKey): Promise<NodeKey> {
  await folder.disk.makeDirectory(folder.directory);
  const present = await readNodeKey(folder);
  if (present !== null) return present;
  const pem = makeKey().export({ format: 'pem', type: 'pkcs8' }).toString();
  await writeTo(folder, fileName, { content: pem });
  return nodeKeyFromPem(pem);
}
