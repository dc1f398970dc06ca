// Who this host is in a fleet, as kept under identity/. identity.json is the one truth and is
// written last, in one piece: without it the host has not joined. node.crt, fleet-ca.crt and
// key-set.json are there beside it under their fixed names.
import { AppError } from '../../shared/errors.ts';
import { base64urlSha256 } from '../../shared/join-token.ts';
import { asNodeId, type NodeId } from '../../shared/model/ids.ts';
import type { KeySet } from '../../shared/model/plan.ts';
import { objectFrom } from '../../shared/rpc/codec.ts';
import { validityOf } from './certificate-chain.ts';
import { type IdentityFolder, readFrom, removeFrom, writeTo } from './identity-folder.ts';
import { parseKeySet } from './key-set.ts';
import { type NodeKey, readNodeKey } from './node-key.ts';

export interface Identity {
  readonly fleet: string;
  readonly nodeId: NodeId;
  readonly cluster: string;
  readonly pool: string;
  /** Of the last renewal. */
  readonly counter: number;
  /** PEM, leaf then fleet CA. */
  readonly chainPem: string;
  readonly caPem: string;
  readonly keySet: KeySet;
  /** Of the token that was spent; not secret. */
  readonly tokenId: string;
  readonly nodeKey: NodeKey;
}

export interface NewIdentity extends Omit<Identity, 'keySet'> {
  /** The exact bytes whose digest the token carried. */
  readonly keySetBytes: Uint8Array;
}

interface StoredIdentity {
  readonly schema: 'muster/identity/v1';
  readonly fleet: string;
  readonly nodeId: string;
  readonly cluster: string;
  readonly pool: string;
  readonly counter: number;
  readonly chainPem: string;
  readonly tokenId: string;
  readonly keySetDigest: string;
}

/** Null when the host has not joined. @throws AppError invalid when the files do not fit each other. */
export async function readIdentity(folder: IdentityFolder): Promise<Identity | null> {
  const { directory } = folder;
  const text = await readFrom(folder, 'identity.json');
  if (text === null) return null;
  const stored = storedFrom(text, directory);
  const nodeKey = await nodeKeyOf(folder);
  const ca = await readFrom(folder, 'fleet-ca.crt');
  const keySetBytes = await readFrom(folder, 'key-set.json');
  if (nodeKey === null || ca === null || keySetBytes === null) {
    throw damaged(directory, 'node.key, fleet-ca.crt or key-set.json is missing');
  }
  if (stored.nodeId !== nodeKey.nodeId) throw damaged(directory, 'node.key is another node’s');
  if (base64urlSha256(keySetBytes) !== stored.keySetDigest) {
    throw damaged(directory, 'key-set.json is not the one that was joined with');
  }
  return {
    fleet: stored.fleet,
    nodeId: asNodeId(stored.nodeId),
    cluster: stored.cluster,
    pool: stored.pool,
    counter: stored.counter,
    chainPem: stored.chainPem,
    caPem: ca.toString('utf8'),
    keySet: parseKeySet(keySetBytes),
    tokenId: stored.tokenId,
    nodeKey,
  };
}

export async function writeIdentity(folder: IdentityFolder, identity: NewIdentity): Promise<void> {
  await folder.disk.makeDirectory(folder.directory);
  await forgetOtherFleet(folder, identity);
  const put = (name: string, content: string | Uint8Array): Promise<void> =>
    writeTo(folder, name, { content });
  await put('key-set.json', identity.keySetBytes);
  await put('fleet-ca.crt', identity.caPem);
  await put('node.crt', identity.chainPem);
  const stored: StoredIdentity = {
    schema: 'muster/identity/v1',
    fleet: identity.fleet,
    nodeId: identity.nodeId,
    cluster: identity.cluster,
    pool: identity.pool,
    counter: identity.counter,
    chainPem: identity.chainPem,
    tokenId: identity.tokenId,
    keySetDigest: base64urlSha256(identity.keySetBytes),
  };
  await put('identity.json', `${JSON.stringify(stored, null, 2)}\n`);
}

/** Files of two fleets beside each other would be a damaged identity; none, with the token, is a join to repeat. */
async function forgetOtherFleet(folder: IdentityFolder, identity: NewIdentity): Promise<void> {
  const keySet = await readFrom(folder, 'key-set.json');
  const ca = await readFrom(folder, 'fleet-ca.crt');
  const isSame =
    keySet?.equals(identity.keySetBytes) === true && ca?.toString('utf8') === identity.caPem;
  if (!isSame) await removeFrom(folder, 'identity.json');
}

/** Certificate and counter change together: a crash between them would look like a clone. */
export async function writeRenewal(
  folder: IdentityFolder,
  identity: Identity,
  renewal: { readonly chainPem: string; readonly counter: number },
): Promise<Identity> {
  const text = await readFrom(folder, 'identity.json');
  if (text === null) throw damaged(folder.directory, 'identity.json is gone');
  const stored = { ...storedFrom(text, folder.directory), ...renewal };
  await writeTo(folder, 'identity.json', { content: `${JSON.stringify(stored, null, 2)}\n` });
  await writeTo(folder, 'node.crt', { content: renewal.chainPem });
  return { ...identity, ...renewal };
}

const texts = ['fleet', 'nodeId', 'cluster', 'pool', 'chainPem', 'tokenId', 'keySetDigest'];
const sizeLimit = 256 * 1024;

/** What stands on the disk is judged like what comes by the wire: a disk may be damaged. */
function storedFrom(bytes: Uint8Array, directory: string): StoredIdentity {
  let value: Readonly<Record<string, unknown>>;
  try {
    value = objectFrom(bytes, 'identity.json', sizeLimit);
  } catch {
    throw damaged(directory, 'identity.json cannot be read');
  }
  if (value['schema'] !== 'muster/identity/v1') throw damaged(directory, 'of an unknown schema');
  const isWhole = texts.every((name) => typeof value[name] === 'string');
  if (!isWhole || !Number.isSafeInteger(value['counter']))
    throw damaged(directory, 'identity.json is not whole');
  try {
    validityOf(value['chainPem'] as string);
  } catch {
    throw damaged(directory, 'the certificate in identity.json is none');
  }
  return value as unknown as StoredIdentity;
}

async function nodeKeyOf(folder: IdentityFolder): Promise<NodeKey | null> {
  try {
    return await readNodeKey(folder);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw damaged(folder.directory, 'node.key is no key');
  }
}

function damaged(directory: string, what: string): AppError {
  return new AppError(
    'invalid',
    `the identity in ${directory} is damaged: ${what}; move the folder away and join with a new token`,
  );
}
