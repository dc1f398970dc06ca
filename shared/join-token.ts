// The join token: `id.secret.pin.keyset`, one opaque string. Only id and secret are sent, and only
// after the pin was checked; the pin is the SHA-256 of the fleet CA's SPKI, the key set's digest is
// that of the exact bytes the coordinator will return. Both base64url.
import { createHash } from 'node:crypto';
import { AppError } from './errors.ts';
import { systemRandom } from './random.ts';

export interface JoinToken {
  /** Not secret: what logs and lists show. */
  readonly id: string;
  readonly secret: string;
  readonly pin: string;
  readonly keySetDigest: string;
}

const form = /^(mt[a-z0-9]{10})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

export function formatJoinToken(token: JoinToken): string {
  return `${token.id}.${token.secret}.${token.pin}.${token.keySetDigest}`;
}

/** @throws AppError usage, without repeating the text: it may hold a secret. */
export function parseJoinToken(text: string): JoinToken {
  const match = form.exec(text.trim());
  if (match === null) {
    throw new AppError(
      'usage',
      'this is not a join token (id.secret.pin.keyset): use the whole string that `coordinator token create` printed',
    );
  }
  const [, id = '', secret = '', pin = '', keySetDigest = ''] = match;
  return { id, secret, pin, keySetDigest };
}

/** What is sent: the pin and the key set's digest stay on the host. */
export const credentialOf = (token: JoinToken): string => `${token.id}.${token.secret}`;

/** 256 bits from the system's generator. */
export const newTokenSecret = (random = systemRandom): string =>
  random.bytes(32).toString('base64url');

/** Base64url SHA-256: of an SPKI for the pin, of key-set bytes, of a secret for storing. */
export const base64urlSha256 = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('base64url');
