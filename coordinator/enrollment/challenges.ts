// Nonces that a joiner signs: good for two minutes and once. A nonce carries its own end and our seal
// over it, so what strangers ask for is not remembered: only what was spent is, by holders of a valid
// token. The key of the seal is in memory; after a restart a joiner asks for another nonce.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { systemRandom } from '../../shared/random.ts';

export interface Challenges {
  create(): Uint8Array;
  /** True once for a nonce that was given out and is not two minutes old. */
  spend(nonce: Uint8Array): boolean;
}

const lifetimeMs = 2 * 60 * 1000;
/** More joins than this do not begin in two minutes. */
const mostSpent = 20_000;
const endBytes = 8;
const contentBytes = 16;
const nonceBytes = 32;

export function createChallenges(clock: Pick<Clock, 'boot'>, random = systemRandom): Challenges {
  const key = random.bytes(32);
  // Insertion order is order of spending.
  const spent = new Map<string, number>();
  const sealOf = (content: Uint8Array): Buffer =>
    createHmac('sha256', key)
      .update(content)
      .digest()
      .subarray(0, nonceBytes - contentBytes);
  const dropOld = (): void => {
    for (const [text, endMs] of spent) {
      if (endMs > clock.boot() && spent.size <= mostSpent) return;
      spent.delete(text);
    }
  };
  return {
    create() {
      const content = Buffer.from(random.bytes(contentBytes));
      content.writeBigUInt64BE(BigInt(Math.ceil(clock.boot() + lifetimeMs)), 0);
      return Buffer.concat([content, sealOf(content)]);
    },
    spend(nonce) {
      if (nonce.length !== nonceBytes) return false;
      const content = Buffer.from(nonce.subarray(0, contentBytes));
      if (!timingSafeEqual(nonce.subarray(contentBytes), sealOf(content))) return false;
      const endMs = Number(content.subarray(0, endBytes).readBigUInt64BE(0));
      const text = content.toString('base64');
      if (endMs <= clock.boot() || spent.has(text)) return false;
      spent.set(text, endMs);
      dropOld();
      return true;
    },
  };
}
