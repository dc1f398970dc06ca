// Approve, evict, ban and remove: whether an operator may do it to this node now, what becomes of its
// record, and what that means. Pure; the caller stores it and tells everybody.
import type { NodeId } from '../../shared/model/ids.ts';
import type { ClusterRecord, NodeRecord } from '../store/records.ts';

export const nodeActions = ['approve', 'evict', 'ban', 'remove'] as const;
export type NodeAction = (typeof nodeActions)[number];

export interface NodeSituation {
  readonly node: NodeRecord;
  readonly cluster: ClusterRecord;
  /** Its agent called within the last seconds. */
  readonly isOnline: boolean;
  /** The coordinator has listened long enough to miss it. */
  readonly isMissed: boolean;
  /** Its agent has taken a plan that makes it a node. */
  readonly isJoining: boolean;
  /** Another node that has its name now. */
  readonly successor: NodeRecord | null;
  readonly now: number;
}

export type NodeVerdict =
  | {
      readonly kind: 'do';
      readonly node: NodeRecord;
      /** One clause: "w1 is evicted". */
      readonly what: string;
      /** What it means, and what it does not undo. */
      readonly notes: readonly string[];
      /** It takes something away that was there. */
      readonly isDestructive: boolean;
    }
  | { readonly kind: 'refuse'; readonly why: string };

type Judge = (situation: NodeSituation) => NodeVerdict;

export const judgeNodeChange = (action: NodeAction, situation: NodeSituation): NodeVerdict =>
  judges[action](situation);

const judges: Readonly<Record<NodeAction, Judge>> = { approve, evict, ban, remove };

const hour = 3_600_000;
/** How long a host that was away too long may take to come back once it was approved. */
const returnWindowMs = 24 * hour;

function approve(situation: NodeSituation): NodeVerdict {
  const { node, successor, now } = situation;
  const { name, state } = node;
  if (state === 'retired')
    return refuse(`${name} was removed: it joins again, as a new node, with a new token`);
  if (state === 'active') return approveReturn(situation);
  if (successor !== null) {
    return refuse(
      `${name} is the name of another node now (${successor.id}): remove that one first, or let this host join under another name`,
    );
  }
  const { lock, origin, isGone, ...rest } = withoutPending(node);
  // Of two machines nobody but the operator knows which one is left: the next report says it.
  const isOtherMachine = lock?.reason === 'machine' && origin !== undefined;
  const own = isOtherMachine ? { ...origin, machineId: null } : origin;
  const approved: NodeRecord = {
    ...rest,
    ...(own === undefined ? {} : { origin: own }),
    // Its Node object was deleted: it is no node of the cluster any more.
    applied: isGone === true ? {} : node.applied,
    state: 'active',
    stateSinceMs: now,
    takesNextCounter: true,
    returns: [],
    mayReturnUntilMs: now + returnWindowMs,
  };
  const clone =
    'if the copy still runs, both are locked again within seconds: stop it and remove its /var/lib/muster-agent';
  return {
    kind: 'do',
    node: approved,
    what: `${name} is active again (it was ${state})`,
    notes: ['its agent goes on within half a minute', ...(state === 'locked' ? [clone] : [])],
    isDestructive: false,
  };
}

/** One that nothing keeps out but that it was away for too long. */
function approveReturn({ node, now }: NodeSituation): NodeVerdict {
  const { name, certificate } = node;
  if (certificate !== undefined && certificate.notAfterMs > now) {
    return refuse(`${name} is active, and nothing of it waits for an approval`);
  }
  return {
    kind: 'do',
    node: { ...node, returns: [], mayReturnUntilMs: now + returnWindowMs },
    what: `${name} may come back with its own key within 24 h`,
    notes: ['its agent asks once a minute; nothing is to be done on the host'],
    isDestructive: false,
  };
}

function evict({ node, cluster, now }: NodeSituation): NodeVerdict {
  const { name, state } = node;
  if (state !== 'active' && state !== 'locked') return refuse(`${name} is ${state} already`);
  return {
    kind: 'do',
    node: { ...withoutPending(node), state: 'evicted', stateSinceMs: now },
    what: `${name} is evicted`,
    notes: [
      'its agent is refused at once, and its name is free; with a new token it may join again',
      ...whatGoesOn(node, cluster),
    ],
    isDestructive: true,
  };
}

function ban({ node, cluster, now }: NodeSituation): NodeVerdict {
  const { name, state } = node;
  if (state === 'banned') return refuse(`${name} is banned already`);
  return {
    kind: 'do',
    node: { ...withoutPending(node), state: 'banned', stateSinceMs: now },
    what: `${name} is banned`,
    notes: [
      `its agent is refused at once; neither its key nor its machine may join again before \`coordinator node approve ${name}\``,
      ...whatGoesOn(node, cluster),
    ],
    isDestructive: true,
  };
}

function remove(situation: NodeSituation): NodeVerdict {
  const { node, now } = situation;
  const why = notRemovable(situation);
  if (why !== null) return refuse(why);
  const { name, applied } = node;
  const { lock: _, ...rest } = withoutPending(node);
  // Of one that went away while it joined nobody knows how far it came.
  const began = situation.isJoining ? { node: { digest: null, planId: null, atMs: now } } : {};
  const isNode = applied.node !== undefined || situation.isJoining;
  return {
    kind: 'do',
    node: { ...rest, applied: { ...began, ...applied }, state: 'retired', stateSinceMs: now },
    what: `${name} is removed`,
    notes: [
      ...(isNode
        ? [
            `a master deletes its Node object; then the name ${name} is free again`,
            'until it is wiped its kubelet has a certificate of the cluster: keep it off, or wipe it before it is connected again',
          ]
        : [`the name ${name} is free again at once`]),
      'its facts, plans and journal position are deleted; the audit log keeps what was done',
      'if its agent calls again it is told to stop, and nothing else',
    ],
    isDestructive: true,
  };
}

function notRemovable(situation: NodeSituation): string | null {
  const { node, cluster, isOnline, isMissed, isJoining } = situation;
  const { id, name, state, applied } = node;
  if (state === 'retired') return `${name} is removed already`;
  if (cluster.masters.includes(id)) {
    return `${name} is a master: this version takes no master out of a cluster. \`coordinator node evict ${name}\` ends what its agent may do; its API server and its etcd member go on`;
  }
  if (isOfControlPlane(cluster, id)) {
    return `${name} is chosen for the control plane and has an etcd member, or will have one: this version takes none out. \`coordinator node evict ${name}\` ends what its agent may do`;
  }
  const isNode = applied.node !== undefined;
  if (!isNode && !isJoining) return null;
  const way = `\`kubectl drain ${name}\`, then power it off or stop its agent and kubelet, and remove it when \`coordinator get nodes\` shows it as away`;
  if (isOnline)
    return `${name} ${isNode ? 'is a worker' : 'is joining'} and its agent calls: ${way}`;
  if (!isMissed)
    return `whether ${name} is away is not known yet: the coordinator has just started; ask again in 30 s`;
  return null;
}

const isOfControlPlane = (cluster: ClusterRecord, id: NodeId): boolean =>
  cluster.controlPlane?.includes(id) === true ||
  cluster.etcd?.members.some(({ nodeId }) => nodeId === id) === true ||
  cluster.change?.subjects.includes(id) === true;

function whatGoesOn({ id, applied }: NodeRecord, cluster: ClusterRecord): readonly string[] {
  if (cluster.masters.includes(id)) {
    return ['its API server and its etcd member go on: nobody at Muster watches them any more'];
  }
  return applied.node === undefined
    ? []
    : ['its kubelet and its pods go on: it stays a node of the cluster'];
}

function withoutPending(node: NodeRecord): NodeRecord {
  const { renewal: _, takesNextCounter: __, mayReturnUntilMs: ___, ...rest } = node;
  return rest;
}

const refuse = (why: string): NodeVerdict => ({ kind: 'refuse', why });
