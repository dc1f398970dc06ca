// What operators ask for about one host: to cordon it, to drain it, to give it back. The newest request
// about a host is what counts, so that an uncordon ends a drain; what has become of it is told by drain.ts.
import { CORDON_OPERATOR } from '../../../shared/model/drain.ts';
import type { NodeId } from '../../../shared/model/ids.ts';
import type { HostRequest, OperatorRequest } from '../../store/records.ts';
import {
  type CordonState,
  cordonOf,
  type DrainState,
  drainOf,
  type UncordonState,
  uncordonOf,
} from '../drain.ts';
import type { Goal, Wishes } from '../goal.ts';
import { nothing, together } from '../goal.ts';
import type { Situation } from '../situation.ts';
import type { Member } from '../topology.ts';
import type { Wait } from '../wait.ts';

const goalOf = (kind: HostRequest['kind']): Goal => ({
  kind,
  wishes: (situation) =>
    together(newestRequests(situation.view.requests).map((one) => wishesOf(situation, one, kind))),
});

export const cordon = goalOf('cordon');
export const drain = goalOf('drain');
export const uncordon = goalOf('uncordon');

export type HostRequestState =
  | { readonly kind: 'cordon'; readonly state: CordonState }
  | { readonly kind: 'drain'; readonly state: DrainState }
  | { readonly kind: 'uncordon'; readonly state: UncordonState };

/** What has become of a request about a host that is still there. */
export function stateOfRequest(
  situation: Situation,
  request: HostRequest,
  member: Member,
): HostRequestState {
  const wish = { member, owner: CORDON_OPERATOR, sinceMs: request.createdMs };
  switch (request.kind) {
    case 'cordon':
      return { kind: 'cordon', state: cordonOf(situation, wish) };
    case 'drain':
      return { kind: 'drain', state: drainOf(situation, { ...wish, limits: request.limits }) };
    case 'uncordon':
      return { kind: 'uncordon', state: uncordonOf(situation, wish) };
  }
}

const isHostRequest = (request: OperatorRequest): request is HostRequest =>
  ['cordon', 'uncordon', 'drain'].includes(request.kind);

/** The one that counts, of every host. */
export function newestRequests(requests: readonly OperatorRequest[]): readonly HostRequest[] {
  const byHost = new Map<NodeId, HostRequest>();
  for (const request of requests) {
    if (!isHostRequest(request)) continue;
    const other = byHost.get(request.node);
    if (other === undefined || isNewer(request, other)) byHost.set(request.node, request);
  }
  return [...byHost.values()];
}

/** Two of one moment have an order too, the same at every look. */
const isNewer = (a: HostRequest, b: HostRequest): boolean =>
  a.createdMs > b.createdMs || (a.createdMs === b.createdMs && a.id > b.id);

function wishesOf(situation: Situation, request: HostRequest, kind: HostRequest['kind']): Wishes {
  const member = situation.topology.byId.get(request.node);
  if (member === undefined) return nothing;
  const { state } = stateOfRequest(situation, request, member);
  const wanted = state.want?.kind === kind ? [state.want] : [];
  // Said once, whichever kind of plan comes next.
  const wait = request.kind === kind ? waitOf(state, request, member) : null;
  return { wants: wanted, waits: wait === null ? [] : [{ ...wait, request: request.id }] };
}

function waitOf(
  state: HostRequestState['state'],
  request: HostRequest,
  member: Member,
): Wait | null {
  if (request.kind !== 'drain' || state.state !== 'overdue') return state.wait;
  const { left, blocking, overdueAtMs } = state;
  const { timeoutMs } = request.limits;
  const reason = { code: 'not-drained', left, blocking, timeoutMs } as const;
  return { subject: member.name, reason, sinceMs: overdueAtMs };
}
