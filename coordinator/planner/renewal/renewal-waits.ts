// Why a master's certificates, which are due, are not renewed yet; and when time alone makes some due.
import { mastersOf, type Situation } from '../situation.ts';
import type { Wait } from '../wait.ts';
import { firstEndMs, renewalOf } from './standing.ts';

export function renewalWaits(situation: Situation): readonly Wait[] {
  const { now } = situation;
  return mastersOf(situation).flatMap((member): readonly Wait[] => {
    const standing = renewalOf(situation, member);
    const endsMs = firstEndMs(member);
    const subject = member.name;
    switch (standing.kind) {
      case 'held': {
        const { why, planId } = standing;
        const goal = 'renew certificates';
        return [
          { subject, reason: { code: 'held', goal, why, planId, node: subject }, sinceMs: now },
        ];
      }
      case 'away':
      case 'change':
      case 'rollout':
        return [{ subject, reason: { code: 'renewal-waits', standing, endsMs }, sinceMs: now }];
      default:
        return [];
    }
  });
}

/** Milliseconds since 1970; null: never. */
export function renewalWakesAtMs(situation: Situation): number | null {
  const times = mastersOf(situation).flatMap((member) => {
    const standing = renewalOf(situation, member);
    return standing.kind === 'later' && standing.dueMs !== null ? [standing.dueMs] : [];
  });
  return times.length === 0 ? null : Math.min(...times);
}
