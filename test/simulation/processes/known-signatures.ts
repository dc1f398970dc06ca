// What was signed in this process by a key need not be proven again: a verification of the very bytes,
// signature and key is known to be true. Anything else, a flipped bit of either, is verified for real.
import crypto, { createPublicKey, type KeyObject, type sign, type verify } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

interface Signed {
  readonly message: Buffer;
  readonly key: KeyObject;
}

/** A seed has some hundred of them. */
const mostSigned = 4_096;

/** For every module of this process, from now on. */
export function rememberSignatures(): void {
  const { sign: reallySign, verify: reallyVerify } = crypto;
  const known = new Map<string, Signed>();
  const publicKeys = new WeakMap<KeyObject, KeyObject>();
  const publicKeyOf = (key: KeyObject): KeyObject => {
    const made = publicKeys.get(key) ?? createPublicKey(key);
    publicKeys.set(key, made);
    return made;
  };
  const signing = (...args: Parameters<typeof sign>): unknown => {
    const [algorithm, data, key] = args;
    const signature = reallySign(algorithm, data, key);
    if (algorithm === null && isKey(key) && key.type === 'private') {
      if (known.size >= mostSigned) known.clear();
      const message = Buffer.from(data as Uint8Array);
      known.set(signature.toString('latin1'), { message, key: publicKeyOf(key) });
    }
    return signature;
  };
  const verifying = (...args: Parameters<typeof verify>): unknown => {
    const [algorithm, data, key, signature] = args;
    if (algorithm === null && isKey(key)) {
      const signed = known.get(Buffer.from(signature as Uint8Array).toString('latin1'));
      if (signed?.message.equals(data as Uint8Array) === true && signed.key.equals(key))
        return true;
    }
    return reallyVerify(algorithm, data, key, signature);
  };
  Object.assign(crypto, { sign: signing, verify: verifying });
  syncBuiltinESMExports();
}

const isKey = (key: unknown): key is KeyObject => key instanceof crypto.KeyObject;
