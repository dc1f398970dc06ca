// What a plan is for, as data: which goal, about whom, computed from what, at which retry. Two plans
// with the same key are two attempts at the same thing. Never a string to be taken apart.

import { digestOf } from '../../shared/canonical.ts';

/** Every goal there is. What each means is a row of planner/goals/goals.ts. */
export const goalKinds = [
  'stage',
  'prepare',
  'cluster-keys',
  'init',
  'join',
  'credentials',
  'forget-credentials',
  'snapshot',
  'copy-snapshot',
  'defragment',
  'smoke-image',
  'smoke-test',
  'user-certificate',
  'delete-node',
  'label-node',
  'lay-down',
  'upgrade',
  'update-etcd',
  'renew',
  'services',
  'change-host',
  'take-back',
  'cordon',
  'drain',
  'uncordon',
] as const;
export type GoalKind = (typeof goalKinds)[number];

export interface GoalKey {
  readonly kind: GoalKind;
  /** Whom or what it is about: a node id, a request's id. Not always who carries it out. */
  readonly subject: string;
  /** Start of the digest of what the plan was computed from: other inputs are another goal. */
  readonly inputsDigest: string;
  /** Retries asked for so far: a hold is released by a higher one. */
  readonly generation: number;
}

/** By their text as it came: the same goals are asked for the same digests with every turn. */
const digests = new Map<string, string>();
/** A fleet of a thousand hosts has a few goals of each under way. */
const mostDigests = 8_192;
const longestText = 2_048;

export function inputsDigestOf(inputs: unknown): string {
  const text = JSON.stringify(inputs);
  const known = digests.get(text);
  if (known !== undefined) return known;
  const digest = digestOf(inputs).slice(0, 12);
  if (text.length > longestText) return digest;
  if (digests.size >= mostDigests) digests.clear();
  digests.set(text, digest);
  return digest;
}

export const isAbout = (key: GoalKey, kind: GoalKind, subject: string): boolean =>
  key.kind === kind && key.subject === subject;

export const isSameGoal = (a: GoalKey, b: GoalKey): boolean =>
  a.kind === b.kind &&
  a.subject === b.subject &&
  a.inputsDigest === b.inputsDigest &&
  a.generation === b.generation;

/** For people and for the agent, which only stores it. */
export const formatGoalKey = ({ kind, subject, inputsDigest, generation }: GoalKey): string =>
  `${kind}/${subject}/${inputsDigest}#${generation}`;
