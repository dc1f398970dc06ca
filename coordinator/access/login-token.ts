// The login token: `id.secret.pin`, one opaque string that lets one operator in once. Only id and secret
// are sent, and only after the pin was checked; the pin is the SHA-256 of the fleet CA's SPKI, base64url.
import { AppError } from '../../shared/errors.ts';

export interface LoginToken {
  /** Not secret: what the audit log shows. */
  readonly id: string;
  readonly secret: string;
  readonly pin: string;
}

const form = /^(ml[a-z2-7]{10})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;
const credentialForm = /^(ml[a-z2-7]{10})\.([A-Za-z0-9_-]{43})$/;

export const formatLoginToken = ({ id, secret, pin }: LoginToken): string =>
  `${id}.${secret}.${pin}`;

/** @throws AppError usage, without repeating the text: it may hold a secret. */
export function parseLoginToken(text: string): LoginToken {
  const [, id, secret, pin] = form.exec(text.trim()) ?? [];
  if (id === undefined || secret === undefined || pin === undefined) {
    throw new AppError(
      'usage',
      'this is not a login token (id.secret.pin): use the whole line that `coordinator operator add` printed',
    );
  }
  return { id, secret, pin };
}

/** What is sent. */
export const loginCredential = ({ id, secret }: LoginToken): string => `${id}.${secret}`;

/** Null for a text that no token can be. */
export function parseLoginCredential(
  text: string,
): { readonly id: string; readonly secret: string } | null {
  const [, id, secret] = credentialForm.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}
