// How far the audit log was, written down beside it every few seconds and signed with the control key:
// a log whose end was cut off no longer reaches it. Who can write this folder and read the keys can make
// both fit again; a head that was copied elsewhere, or noted, is what even root here cannot change.
import type { KeyObject } from 'node:crypto';
import { isSignedBy, signEnvelope } from '../../shared/signature.ts';
import { readIfPresent, writePrivateFile } from '../keys/private-file.ts';
import type { ChainEnd } from './audit-line.ts';

export const AUDIT_HEAD_TYPE = 'application/vnd.muster.audit-head.v1+json';

export interface AuditHead extends ChainEnd {
  readonly atMs: number;
}

export interface HeadStore {
  /** Null when there is none, or none that can be read. */
  read(): Promise<AuditHead | null>;
  write(head: AuditHead): Promise<void>;
}

export type ReadHead =
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'read'; readonly head: AuditHead; readonly isSigned: boolean };

export function auditHeadFile(path: string, key: KeyObject | null): HeadStore {
  return {
    async read() {
      const found = await readHead(path, []);
      return found.kind === 'read' ? found.head : null;
    },
    async write({ seq, digest, atMs }) {
      const payload = Buffer.from(JSON.stringify({ seq, digest, atMs }));
      const signed = key === null ? [] : signEnvelope(AUDIT_HEAD_TYPE, payload, key).signatures;
      const signatures = signed.map(({ sig }) => Buffer.from(sig).toString('base64'));
      const document = { payload: payload.toString('base64'), signatures };
      await writePrivateFile(path, `${JSON.stringify(document)}\n`);
    },
  };
}

/** @param keys public control keys, base64 */
export async function readHead(path: string, keys: readonly string[]): Promise<ReadHead> {
  const text = await readIfPresent(path);
  if (text === null) return { kind: 'none' };
  try {
    const document = JSON.parse(text) as { payload: string; signatures: string[] };
    const payload = Buffer.from(document.payload, 'base64');
    const head = JSON.parse(payload.toString('utf8')) as AuditHead;
    const isHead = Number.isSafeInteger(head.seq) && /^[0-9a-f]{64}$/.test(head.digest);
    if (!isHead) return { kind: 'unreadable' };
    const signatures = document.signatures.map((sig) => ({
      keyid: '',
      sig: Buffer.from(sig, 'base64'),
    }));
    const isSigned = isSignedBy({ payloadType: AUDIT_HEAD_TYPE, payload, signatures }, keys);
    return { kind: 'read', head, isSigned };
  } catch {
    return { kind: 'unreadable' };
  }
}
