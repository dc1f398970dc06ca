// Where a master stands with its certificates: nothing to do before a day, to be renewed now, or what that
// waits for. One answer for what is begun, for why it waits, and for what is said of its health. Pure.
import type { OperatorRequest, PlanRecord } from '../../store/records.ts';
import { isOnlyLeft } from '../rollout/rollouts.ts';
import { openRollout } from '../rollout/standings.ts';
import { isAtIt } from '../rollout/waves.ts';
import { mastersOf, type Situation } from '../situation.ts';
import type { Member } from '../topology.ts';
import { lastHeld } from '../want.ts';
import { dueMs, isRenewable } from './renewable.ts';

export type RenewalStanding =
  /** Null: its agent has not told of any. */
  | { readonly kind: 'later'; readonly dueMs: number | null }
  | { readonly kind: 'next' }
  | { readonly kind: 'under-way' }
  /** Another change comes first, of this host. */
  | { readonly kind: 'change'; readonly name: string }
  | { readonly kind: 'rollout'; readonly rollout: string }
  | { readonly kind: 'away' }
  | { readonly kind: 'held'; readonly why: string; readonly planId: string };

/** Made anew, and still about to end, as it is with the clock of a host that is years ahead: once a day. */
export const REPEAT_PAUSE_MS = 24 * 3_600_000;

export function renewalOf(situation: Situation, member: Member): RenewalStanding {
  const { cluster, topology } = situation;
  const { change } = cluster;
  if (change?.kind === 'renew' && change.subjects.includes(member.id)) return { kind: 'under-way' };
  const due = dueOf(situation, member);
  if (!isAsked(situation, member) && (due === null || due > situation.now))
    return { kind: 'later', dueMs: due };
  const held = lastHeld(situation, member, 'renew');
  if (held !== null) return { kind: 'held', why: reasonOf(held), planId: held.planId };
  if (!member.node.online) return { kind: 'away' };
  if (change !== null) {
    const name = topology.byId.get(change.delegate)?.name ?? '';
    return { kind: 'change', name };
  }
  const rollout = rolloutInTheWay(situation);
  return rollout === null ? { kind: 'next' } : { kind: 'rollout', rollout };
}

/** When the first of them is to be made anew, in the coordinator's time; null: none is known. */
function dueOf(situation: Situation, { id, node }: Member): number | null {
  const { cluster, now, view } = situation;
  const times = (node.certificates ?? []).filter(isRenewable).map(dueMs);
  if (times.length === 0) return null;
  // What ends is compared with may be another clock than that of plans.
  const firstMs = Math.min(...times) - ((view.certificatesNow ?? now) - now);
  const renewed = cluster.renewed?.[id];
  return renewed === undefined ? firstMs : Math.max(firstMs, renewed.atMs + REPEAT_PAUSE_MS);
}

/** An operator wants it, and it has not begun since. */
export function isAsked({ cluster, view }: Situation, { id }: Member): boolean {
  return view.requests.some(
    (request) => isAbout(request, id) && request.createdMs > (cluster.renewed?.[id]?.beganMs ?? 0),
  );
}

const isAbout = (request: OperatorRequest, id: Member['id']): boolean =>
  request.kind === 'renew-certificates' && (request.node === null || request.node === id);

/** One that changes hosts, or is about to; a paused one, and one that waits for hosts that are away, does not. */
function rolloutInTheWay(situation: Situation): string | null {
  const rollout = openRollout(situation);
  if (rollout === null) return null;
  const isBusy = Object.values(rollout.hosts).some(isAtIt);
  const isAtRest = rollout.state === 'paused' || isOnlyLeft(rollout);
  return !isBusy && isAtRest ? null : rollout.id;
}

const reasonOf = (plan: PlanRecord): string =>
  plan.error?.message ?? plan.message ?? plan.refusal ?? `plan ${plan.planId} was ${plan.state}`;

/** Of the masters, by name. */
export const renewalStandings = (situation: Situation): Readonly<Record<string, RenewalStanding>> =>
  Object.fromEntries(
    mastersOf(situation).map((member) => [member.name, renewalOf(situation, member)]),
  );

/** The end of the first that Muster renews; null: not known. */
export const firstEndMs = ({ node }: Member): number | null => {
  const ends = (node.certificates ?? []).filter(isRenewable).map(({ notAfterMs }) => notAfterMs);
  return ends.length === 0 ? null : Math.min(...ends);
};

/** One that Muster renews is over, and was not made anew since: what is measured may be older than that. */
export function hasEnded({ cluster, view, now }: Situation, { id, node }: Member): boolean {
  const clock = view.certificatesNow ?? now;
  const renewed = cluster.renewed?.[id];
  const renewedMs = renewed === undefined ? 0 : renewed.atMs + clock - now;
  return (node.certificates ?? []).some(
    (one) => isRenewable(one) && one.notAfterMs <= clock && one.notAfterMs > renewedMs,
  );
}

const kubeletClient = '/var/lib/kubelet/pki/kubelet-client-current.pem';

/** Its kubelet cannot say that its node is Ready, and nothing of Muster's changes that. */
export const isKubeletOver = ({ view, now }: Situation, { node }: Member): boolean =>
  (node.certificates ?? []).some(
    ({ path, notAfterMs }) => path === kubeletClient && notAfterMs <= (view.certificatesNow ?? now),
  );
