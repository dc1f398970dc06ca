// New names for plans, fleets and tokens. Short lower-case base32: parts of unit names and logs.
import { randomBytes } from 'node:crypto';
import { asPlanId, type PlanId } from '../../shared/model/ids.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

function randomBase32(length: number): string {
  return [...randomBytes(length)].map((byte) => alphabet[byte & 31]).join('');
}

export const newPlanId = (): PlanId => asPlanId(`p${randomBase32(12)}`);
export const newFleetId = (): string => `f${randomBase32(12)}`;
/** Not secret. */
export const newTokenId = (): string => `mt${randomBase32(10)}`;
/** Of a login token; not secret. */
export const newLoginId = (): string => `ml${randomBase32(10)}`;
