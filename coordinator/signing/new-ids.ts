// New names for plans, fleets and tokens. Short lower-case base32: parts of unit names and logs.
import { asPlanId, type PlanId } from '../../shared/model/ids.ts';
import { type Random, systemRandom } from '../../shared/random.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

function randomBase32(random: Random, length: number): string {
  return [...random.bytes(length)].map((byte) => alphabet[byte & 31]).join('');
}

export const newPlanId = (random = systemRandom): PlanId =>
  asPlanId(`p${randomBase32(random, 12)}`);
export const newFleetId = (): string => `f${randomBase32(systemRandom, 12)}`;
/** Not secret. */
export const newTokenId = (random = systemRandom): string => `mt${randomBase32(random, 10)}`;
/** Of a login token; not secret. */
export const newLoginId = (random = systemRandom): string => `ml${randomBase32(random, 10)}`;
