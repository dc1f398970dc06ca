// Join credentials: made on a master for one host, sealed to its key. They are made as soon as there is
// a master, so that no joining host waits for them, and only for a host that is there to use them.
import { inputsDigestOf } from '../../plan-records/goal-key.ts';
import { controlPlaneEndpoint } from '../../render/kubeadm-config.ts';
import { deleteCredentials, joinCredentials } from '../../runbooks/join-node.ts';
import { type Goal, nothing, together, type Wishes, waits, wants } from '../goal.ts';
import {
  clusterPlans,
  controlPlaneOf,
  delegateOf,
  isNode,
  nodesOf,
  recordedCa,
  type Situation,
} from '../situation.ts';
import type { Member } from '../topology.ts';
import { isHeldUp, stateOf } from '../want.ts';
import { admission } from './admission.ts';
import { credentialsOf, expiresMs, goodCredentials, outputOf } from './good-credentials.ts';
import { joinGoal, joinState } from './join.ts';

export const credentials: Goal = {
  kind: 'credentials',
  wishes: (situation) => {
    if (situation.cluster.masters.length === 0) return nothing;
    const masters = controlPlaneOf(situation).filter((member) => !isNode(situation, member));
    const workers = situation.topology.workers.filter(
      (worker) => !isNode(situation, worker) && admission(situation, worker) === null,
    );
    return together([...masters, ...workers].map((member) => wishesOf(situation, member)));
  },
};

function wishesOf(situation: Situation, consumer: Member): Wishes {
  const isThere = consumer.node.online && !isHeldUp(situation, consumer);
  const isNeeded = isThere && joinState(situation, consumer).kind === 'due';
  if (!isNeeded || goodCredentials(situation, consumer) !== null) return nothing;
  const delegate = delegateOf(situation);
  if (delegate === null) {
    const reason = { code: 'no-delegate', what: 'join credentials' } as const;
    return waits({ subject: consumer.name, reason, sinceMs: situation.now });
  }
  const server = `https://${controlPlaneEndpoint(situation.cluster.spec)}`;
  const want = {
    kind: 'credentials',
    subject: consumer.id,
    by: delegate,
    goal: `create join credentials for ${consumer.name}`,
    // After expired ones come new ones.
    inputs: () => ({ server, after: credentialsOf(situation, consumer).at(-1)?.planId ?? null }),
    stages: () =>
      joinCredentials({
        consumer,
        goal: joinGoal(situation, consumer),
        server,
        caDigest: recordedCa(situation),
      }),
  } as const;
  const state = stateOf(situation, want);
  return {
    wants: [want],
    waits: [
      {
        subject: consumer.name,
        reason: { code: 'credentials', from: delegate.name },
        sinceMs: state.kind === 'running' ? state.plan.issuedMs : situation.now,
      },
    ],
  };
}

/** After the join no bootstrap token stays in the cluster. Agents of 0.1 made them; nothing else does. */
export const forgetCredentials: Goal = {
  kind: 'forget-credentials',
  wishes: (situation) =>
    together(
      [...nodesOf(situation), ...leftHosts(situation)].flatMap((consumer) =>
        leftovers(situation, consumer),
      ),
    ),
};

/** One that left before it had used them must not join with them either. */
const leftHosts = ({ view }: Situation): readonly Pick<Member, 'id' | 'name'>[] =>
  view.nodes.map(({ record }) => record).filter(({ state }) => state !== 'active');

function leftovers(situation: Situation, consumer: Pick<Member, 'id' | 'name'>): readonly Wishes[] {
  const forgotten = clusterPlans(situation, 'forget-credentials', consumer.id)
    .filter(({ state }) => state === 'done')
    .map(({ goalKey }) => goalKey.inputsDigest);
  return credentialsOf(situation, consumer).flatMap((plan) => {
    const tokenId = outputOf(plan, 'tokenId');
    const maker = situation.topology.byId.get(plan.nodeId);
    if (tokenId === undefined || maker === undefined || !maker.node.online) return [];
    if (expiresMs(plan) < situation.now || forgotten.includes(inputsDigestOf(tokenId))) return [];
    return [
      wants({
        kind: 'forget-credentials',
        subject: consumer.id,
        by: maker,
        goal: `delete join credentials of ${consumer.name}`,
        inputs: () => tokenId,
        stages: () => deleteCredentials(tokenId),
      }),
    ];
  });
}
