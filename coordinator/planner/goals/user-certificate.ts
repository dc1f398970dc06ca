// An operator's key, signed by the cluster itself: one plan in the cluster lane of a master.
import { signOperator } from '../../runbooks/after-install.ts';
import type { OperatorRequest } from '../../store/records.ts';
import { type Goal, nothing, together, type Wishes, waits, wants } from '../goal.ts';
import { clusterPlans, delegateOf, type Situation } from '../situation.ts';

type Request = Extract<OperatorRequest, { kind: 'user-certificate' }>;

export const userCertificate: Goal = {
  kind: 'user-certificate',
  wishes: (situation) =>
    together(
      situation.view.requests
        .filter((request): request is Request => request.kind === 'user-certificate')
        .map((request) => wishesOf(situation, request)),
    ),
};

function wishesOf(situation: Situation, request: Request): Wishes {
  const { id, user } = request;
  const plans = clusterPlans(situation, 'user-certificate', id);
  if (plans.some(({ state }) => state === 'done')) return nothing;
  const delegate = delegateOf(situation);
  if (delegate === null) {
    const reason = { code: 'no-delegate', what: `a certificate for ${user}` } as const;
    const sinceMs = request.createdMs;
    return waits({ subject: situation.cluster.name, reason, sinceMs, request: id });
  }
  return wants({
    kind: 'user-certificate',
    subject: id,
    by: delegate,
    goal: `sign a certificate for ${user}`,
    inputs: () => id,
    stages: () => signOperator(request),
  });
}
