// The newest join credentials of a host that are still good. They live fifteen minutes, and what a
// join found to be expired is not offered to it again.
import type { SealedSecret } from '../../../shared/model/step.ts';
import { isAbout } from '../../plan-records/goal-key.ts';
import { credentialSeconds } from '../../runbooks/join-node.ts';
import type { PlanRecord } from '../../store/records.ts';
import { clusterPlans, type Situation } from '../situation.ts';
import type { Member } from '../topology.ts';

/** A join has to be able to end before its credentials do. */
const reserveMs = 180_000;

export const credentialsOf = (
  situation: Situation,
  consumer: Pick<Member, 'id'>,
): readonly PlanRecord[] =>
  clusterPlans(situation, 'credentials', consumer.id).filter(({ state }) => state === 'done');

export const expiresMs = (plan: PlanRecord): number =>
  (plan.finishedMs ?? plan.issuedMs) + credentialSeconds * 1000;

/** Null: there are none, or none that would do. */
export function goodCredentials(situation: Situation, consumer: Member): SealedSecret | null {
  const refusedMs = lastRefusal(consumer);
  const good = credentialsOf(situation, consumer).findLast(
    (plan) => expiresMs(plan) - reserveMs > situation.now && (plan.finishedMs ?? 0) > refusedMs,
  );
  return good === undefined ? null : sealedOf(good);
}

/** When the last join that found its credentials expired was issued. */
function lastRefusal({ id, node }: Member): number {
  const failed = node.plans.findLast(
    ({ goalKey, error }) => isAbout(goalKey, 'join', id) && error?.code === 'credentials-expired',
  );
  return failed?.issuedMs ?? Number.NEGATIVE_INFINITY;
}

/** What a master reports is data of a host: anything but a sealed secret is no credential. */
function sealedOf(plan: PlanRecord): SealedSecret | null {
  try {
    const value: unknown = JSON.parse(outputOf(plan, 'sealed') ?? '');
    return isSealed(value) ? value : null;
  } catch {
    return null;
  }
}

/** An output of the step that made the credentials. */
export const outputOf = (plan: PlanRecord, name: 'sealed' | 'tokenId'): string | undefined =>
  plan.steps.find(({ stepId }) => stepId === 'credentials')?.outputs[name];

function isSealed(value: unknown): value is SealedSecret {
  if (typeof value !== 'object' || value === null) return false;
  const fields: readonly unknown[] = ['encapsulated', 'ciphertext', 'context'].map(
    (name) => (value as Readonly<Record<string, unknown>>)[name],
  );
  return fields.every((field) => typeof field === 'string');
}
