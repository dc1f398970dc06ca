// What the spec gives a Node, against what the Node has: which labels and taints are set, which are taken
// away because they were given before and are not any more, and the mark of it that is left in an
// annotation of the Node, so that nobody's own labels and taints are ever taken away. Pure.
import { canonicalJson } from '../../shared/canonical.ts';
import type { NodeGifts, NodeTaint } from '../../shared/model/step.ts';
import { at, listAt, textAt } from './kube-object.ts';

const annotation = 'muster.dev/given';

export interface GiftsChange {
  /** A merge patch for the version of the Node that was looked at. */
  readonly patch: object;
  /** What it sets and takes away, a phrase each. */
  readonly what: readonly string[];
}

/**
 * Null: the Node is as it should be.
 *
 * INVARIANT: the mark takes nothing away. A kubelet may write annotations of its own Node, and no taint and
 * no restricted label of it: what the mark alone names would be taken away for it.
 *
 * @param before what was given before, as the coordinator knows it: only that is ever taken away
 */
export function changeOfGifts(
  node: unknown,
  wanted: NodeGifts,
  before: NodeGifts,
): GiftsChange | null {
  const known = markOf(node) ?? before;
  const labels = labelsAfter(node, wanted.labels, { known: known.labels, before: before.labels });
  const taints = taintsAfter(node, wanted.taints, { known: known.taints, before: before.taints });
  const mark = canonicalJson({ labels: labels.ours, taints: taints.ours });
  const what = [...labels.what, ...taints.what];
  if (what.length === 0 && mark === canonicalJson(sorted(known))) return null;
  const patch = {
    metadata: {
      resourceVersion: textAt(node, 'metadata', 'resourceVersion'),
      labels: labels.patch,
      annotations: { [annotation]: mark },
    },
    // A list is replaced whole: untouched where nothing of it is another.
    ...(taints.what.length === 0 ? {} : { spec: { taints: taints.patch } }),
  };
  return { patch, what: what.length === 0 ? ['what is ours of it is noted'] : what };
}

type Labels = NodeGifts['labels'];

interface Given<T> {
  /** By the mark. */
  readonly known: T;
  readonly before: T;
}

function labelsAfter(node: unknown, wanted: Labels, { known, before }: Given<Labels>) {
  const now = (key: string): unknown => at(node, 'metadata', 'labels', key);
  const set = Object.entries(wanted).filter(([key, value]) => now(key) !== value);
  // Of another value by now: somebody has made it theirs.
  const gone = Object.entries(known).filter(
    ([key, value]) =>
      !Object.hasOwn(wanted, key) &&
      now(key) === value &&
      Object.hasOwn(before, key) &&
      before[key] === value,
  );
  // What was there with this very value is whoever's who put it there.
  const ours = Object.entries(wanted).filter(
    ([key, value]) => Object.hasOwn(known, key) || now(key) !== value,
  );
  return {
    patch: Object.fromEntries([...set, ...gone.map(([key]) => [key, null])]) as object,
    ours: Object.fromEntries(ours),
    what: [
      ...set.map(([key, value]) => `label ${key}=${value}`),
      ...gone.map(([key]) => `no label ${key}`),
    ],
  };
}

type Taints = NodeGifts['taints'];

/** Of a key and an effect a Node has one taint at most. */
const isSame = (a: NodeTaint, b: NodeTaint): boolean => a.key === b.key && a.effect === b.effect;
const isEqual = (a: NodeTaint, b: NodeTaint): boolean => isSame(a, b) && a.value === b.value;
const named = ({ key, value, effect }: NodeTaint): string =>
  `${key}${value === '' ? '' : `=${value}`}:${effect}`;

function taintsAfter(node: unknown, wanted: Taints, { known, before }: Given<Taints>) {
  const objects = listAt(node, 'spec', 'taints');
  const now = objects.map(taintOf);
  const has = (taint: NodeTaint): boolean => now.some((one) => isEqual(one, taint));
  const set = wanted.filter((taint) => !has(taint));
  const gone = known
    .filter((taint) => before.some((one) => isEqual(one, taint)))
    .filter((taint) => !wanted.some((one) => isSame(one, taint)) && has(taint));
  const kept = objects.filter((object) => {
    const taint = taintOf(object);
    return !set.some((one) => isSame(one, taint)) && !gone.some((one) => isEqual(one, taint));
  });
  return {
    patch: [...kept, ...set.map(taintObject)],
    ours: wanted
      .filter((taint) => known.some((one) => isSame(one, taint)) || !has(taint))
      .toSorted(byName),
    what: [
      ...set.map((taint) => `taint ${named(taint)}`),
      ...gone.map((taint) => `no taint ${named(taint)}`),
    ],
  };
}

const taintOf = (object: unknown): NodeTaint => ({
  key: textAt(object, 'key'),
  value: textAt(object, 'value'),
  // Compared, and never acted on.
  effect: textAt(object, 'effect') as NodeTaint['effect'],
});

/** As the API writes it: no value where there is none. */
const taintObject = ({ key, value, effect }: NodeTaint): object =>
  value === '' ? { key, effect } : { key, value, effect };

const byName = (a: NodeTaint, b: NodeTaint): number => (named(a) < named(b) ? -1 : 1);

const sorted = ({ labels, taints }: NodeGifts): NodeGifts => ({
  labels,
  taints: taints.toSorted(byName),
});

/** Null: there is none, or it is none of ours. */
function markOf(node: unknown): NodeGifts | null {
  const text = textAt(node, 'metadata', 'annotations', annotation);
  if (text === '') return null;
  let mark: unknown;
  try {
    mark = JSON.parse(text);
  } catch {
    return null;
  }
  const labels = at(mark, 'labels');
  if (typeof labels !== 'object' || labels === null) return null;
  const texts = Object.entries(labels).filter(([, value]) => typeof value === 'string');
  return {
    labels: Object.fromEntries(texts) as Labels,
    taints: listAt(mark, 'taints').map(taintOf),
  };
}
