// Nonces that a joiner signs: random, known for two minutes, usable once, in memory only. After a
// restart of the coordinator a joiner asks for another.
import type { Clock } from '../../shared/clock.ts';
import { systemRandom } from '../../shared/random.ts';

export interface Challenges {
  create(): Uint8Array;
  /** True once for a nonce that was given out and is not two minutes old. */
  spend(nonce: Uint8Array): boolean;
}

const lifetimeMs = 2 * 60 * 1000;
/** Strangers can ask too, so what they can make us remember has an end. */
const capacity = 20_000;

export function createChallenges(clock: Clock, random = systemRandom): Challenges {
  // Insertion order is order of age.
  const given = new Map<string, number>();
  const dropOld = (): void => {
    for (const [text, expiresMs] of given) {
      if (expiresMs > clock.boot() && given.size <= capacity) return;
      given.delete(text);
    }
  };
  return {
    create() {
      const nonce = random.bytes(32);
      given.set(nonce.toString('base64'), clock.boot() + lifetimeMs);
      dropOld();
      return nonce;
    },
    spend(nonce) {
      const text = Buffer.from(nonce).toString('base64');
      const expiresMs = given.get(text);
      given.delete(text);
      return expiresMs !== undefined && expiresMs > clock.boot();
    },
  };
}
