// How far a daemon set is on the nodes that are there. Pure: what is seen is what the API answers.
//
// Kubernetes counts every node, and by itself a node that is off holds the others up: its pod is the one
// that may be missing at a time.
import { at, conditionOf, listAt, numberAt, textAt } from './kube-object.ts';

export interface DaemonSetSeen {
  readonly set: unknown;
  /** Its ControllerRevisions. */
  readonly revisions: readonly unknown[];
  readonly nodes: readonly unknown[];
  /** Its pods, of any revision. */
  readonly pods: readonly unknown[];
}

export interface ReadyNode {
  readonly name: string;
  /** Empty when the node tells none. */
  readonly address: string;
}

export interface DaemonSetStanding {
  /** Not Ready: what should run there cannot be changed now. */
  readonly away: readonly string[];
  /** Ready nodes whose pod is of the newest revision and Ready. */
  readonly done: readonly ReadyNode[];
  /** One clause about what is missing on nodes that are Ready; null: nothing. */
  readonly lacks: string | null;
}

export function standingOf({ set, revisions, nodes, pods }: DaemonSetSeen): DaemonSetStanding {
  const name = textAt(set, 'metadata', 'name');
  const isReady = (object: unknown): boolean => conditionOf(object, 'Ready')?.status === 'True';
  const ready = nodes.filter(isReady);
  const away = nodes
    .filter((node) => !isReady(node))
    .map((node) => textAt(node, 'metadata', 'name'));
  const revision = newestRevision(set, revisions);
  const ofNewest = new Set(
    pods
      .filter((pod) => isOf(set, pod) && at(pod, 'metadata', 'deletionTimestamp') === undefined)
      .filter((pod) => textAt(pod, 'metadata', 'labels', hashLabel) === revision && isReady(pod))
      .map((pod) => textAt(pod, 'spec', 'nodeName')),
  );
  const done = ready
    .map((node) => ({ name: textAt(node, 'metadata', 'name'), address: addressOf(node) }))
    .filter((node) => ofNewest.has(node.name));
  const wanted = numberAt(set, 'status', 'desiredNumberScheduled');
  const rest = wanted - away.length - done.length;
  const standing = { away, done };
  if (numberAt(set, 'status', 'observedGeneration') < numberAt(set, 'metadata', 'generation')) {
    return { ...standing, lacks: `${name}: its controller has not seen it yet` };
  }
  if (revision === null) return { ...standing, lacks: `${name} has no revision yet` };
  if (wanted === 0) return { ...standing, lacks: `no node wants ${name} yet` };
  if (rest <= 0) return { ...standing, lacks: null };
  const open = ready
    .map((node) => textAt(node, 'metadata', 'name'))
    .find((one) => !ofNewest.has(one));
  const where = open === undefined ? '' : `, next on ${open}`;
  const lacks = `${name} is new and ready on ${done.length} of ${wanted - away.length} nodes${where}`;
  return { ...standing, lacks };
}

const hashLabel = 'controller-revision-hash';

/** The hash by which its newest pods are known. */
function newestRevision(set: unknown, revisions: readonly unknown[]): string | null {
  const newest = revisions
    .filter((one) => isOf(set, one))
    .toSorted((a, b) => numberAt(b, 'revision') - numberAt(a, 'revision'))[0];
  return newest === undefined ? null : textAt(newest, 'metadata', 'labels', hashLabel);
}

const isOf = (set: unknown, object: unknown): boolean =>
  listAt(object, 'metadata', 'ownerReferences').some(
    (owner) => textAt(owner, 'uid') === textAt(set, 'metadata', 'uid'),
  );

const addressOf = (node: unknown): string =>
  listAt(node, 'status', 'addresses')
    .filter((address) => textAt(address, 'type') === 'InternalIP')
    .map((address) => textAt(address, 'address'))[0] ?? '';
