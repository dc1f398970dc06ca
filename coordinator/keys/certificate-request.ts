// CSRs as they come from hosts. A CSR gives its public key and the proof that its sender has the
// private one; its subject, names and wishes are not even read.
import 'reflect-metadata';
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { asNodeId, type NodeId } from '../../shared/model/ids.ts';

export interface RequestedKey {
  readonly key: KeyObject;
  /** SPKI DER, in the one form that a P-256 key has here: uncompressed. */
  readonly spki: Uint8Array;
}

const requestLimit = 8192;
const p256Head = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');

/** @throws AppError invalid: not a CSR, not P-256, or not signed by its own key. */
export async function keyOfRequest(csr: Uint8Array): Promise<RequestedKey> {
  if (csr.length === 0 || csr.length > requestLimit) {
    throw new AppError(
      'invalid',
      `a certificate request of ${csr.length} bytes: 1 to ${requestLimit}`,
    );
  }
  const request = parse(csr);
  const spki = Buffer.from(request.publicKey.rawData);
  // One form only: the same key in another encoding would be another node id.
  if (spki.length !== 91 || !spki.subarray(0, p256Head.length).equals(p256Head)) {
    throw new AppError(
      'invalid',
      'the key of the certificate request is not an uncompressed P-256 key',
    );
  }
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  if (!isSignedBy(request, key)) {
    throw new AppError('invalid', 'the certificate request is not signed by its own key');
  }
  return { key, spki };
}

function parse(csr: Uint8Array): Pkcs10CertificateRequest {
  try {
    return new Pkcs10CertificateRequest(Uint8Array.from(csr));
  } catch (cause) {
    throw new AppError('invalid', 'the certificate request is not PKCS #10 in DER', { cause });
  }
}

/** ECDSA with SHA-256; anything else is as wrong as a wrong signature. */
function isSignedBy(request: Pkcs10CertificateRequest, key: KeyObject): boolean {
  const signed = firstElement(Buffer.from(request.rawData));
  return signed !== null && verify('sha256', signed, key, Buffer.from(request.signature));
}

/** Of a DER sequence, as it stands there, head and all; null when there is none. */
function firstElement(sequence: Buffer): Buffer | null {
  const outer = headOf(sequence, 0);
  const inner = outer === null ? null : headOf(sequence, outer.content);
  if (outer === null || inner === null || inner.end > sequence.length) return null;
  return sequence.subarray(outer.content, inner.end);
}

/** Where what a DER head at `at` tells of begins and ends. */
function headOf(bytes: Buffer, at: number): { content: number; end: number } | null {
  const first = bytes[at + 1];
  if (first === undefined) return null;
  if (first < 0x80) return { content: at + 2, end: at + 2 + first };
  const size = first & 0x7f;
  if (size === 0 || size > 2 || at + 2 + size > bytes.length) return null;
  const content = at + 2 + size;
  return { content, end: content + bytes.readUIntBE(at + 2, size) };
}

/** First 16 hex digits of the SHA-256 of the key's SPKI. */
export const nodeIdOf = (spki: Uint8Array): NodeId => asNodeId(sha256Hex(spki).slice(0, 16));
