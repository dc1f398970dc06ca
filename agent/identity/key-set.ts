// The signing keys this host trusts. Plan keys authorize steps, control keys say wait, stop and go
// on; a key in both roles would undo that, so such a set is refused.
import { AppError } from '../../shared/errors.ts';
import type { KeySet } from '../../shared/model/plan.ts';
import { objectFrom } from '../../shared/rpc/codec.ts';

const sizeLimit = 64 * 1024;
/** Each of them is tried on every message. */
const mostKeys = 16;

/** @throws AppError invalid */
export function parseKeySet(bytes: Uint8Array): KeySet {
  const value = objectFrom(bytes, 'key set', sizeLimit);
  if (value['schema'] !== 'muster/keys/v1')
    throw new AppError('invalid', 'key set of an unknown schema');
  const version = value['version'];
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 0)
    throw new AppError('invalid', 'key set without a version');
  const plan = keysFrom(value['plan'], 'plan');
  const control = keysFrom(value['control'], 'control');
  if (plan.some((key) => control.includes(key))) {
    throw new AppError('invalid', 'key set with one key in both roles, plan and control');
  }
  return { schema: 'muster/keys/v1', version, plan, control };
}

function keysFrom(value: unknown, role: string): readonly string[] {
  const isList =
    Array.isArray(value) && value.length > 0 && value.length <= mostKeys && value.every(isRawKey);
  if (!isList) throw new AppError('invalid', `key set without ${role} keys of 32 bytes in base64`);
  return value;
}

const isRawKey = (entry: unknown): entry is string =>
  typeof entry === 'string' && /^[A-Za-z0-9+/]{43}=$/.test(entry);
