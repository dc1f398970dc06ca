// Every goal's rules of repetition, and how many of its plans are kept. What a goal wants, of whom and
// when, is its file in goals/; a kind without a row or without a file does not compile.
import type { Lane } from '../../shared/model/plan.ts';
import type { GoalKind } from '../plan-records/goal-key.ts';

export interface GoalRules {
  readonly lane: Lane;
  /** Plans that may fail before the goal is held. */
  readonly attempts: number;
  /** Between the first and the second; six times as long after each further one. */
  readonly firstBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Plans of one goal and subject that end otherwise than well, in an hour, whatever their inputs. */
  readonly perHour: number;
  /**
   * Whether one that ended well, and is wanted again, counts in that hour as well: then what it brought
   * does not last. Otherwise being wanted again is its way of going on.
   */
  readonly countsWellEnded: boolean;
  /** A plan of it that nobody wants any more is stopped: carried out late it would do harm. */
  readonly endsUnwanted: boolean;
  /** Newest finished plans kept of a host, per subject. */
  readonly kept: number;
  /** Finished plans older than this go, but for the newest of the kind; null: whatever their age. */
  readonly keptMs: number | null;
  /** A host of which it is held gets no nearer to its join: no credentials are made for it. */
  readonly isBeforeJoin: boolean;
}

const hour = 3_600_000;

const ofHost: GoalRules = {
  lane: 'host',
  attempts: 3,
  firstBackoffMs: 10_000,
  maxBackoffMs: 300_000,
  perHour: 12,
  countsWellEnded: true,
  endsUnwanted: false,
  kept: 12,
  keptMs: null,
  isBeforeJoin: false,
};
/** On the way from a bare host to a node. */
const towardsJoin: GoalRules = { ...ofHost, isBeforeJoin: true };
const ofCluster: GoalRules = { ...ofHost, lane: 'cluster' };
/** About something that is over soon: nobody asks for it afterwards. */
const passing: GoalRules = { ...ofCluster, keptMs: hour };
/** Asked for by an operator, who looks at the answer for a while. */
const asked: GoalRules = { ...ofCluster, keptMs: 24 * hour };
/**
 * A few seconds of work of any master that is there, wanted again until its host is as it should be; who
 * wants it has a limit of its own. Only the last ones are looked at.
 */
const ofDrain: GoalRules = {
  ...asked,
  attempts: 20,
  firstBackoffMs: 3_000,
  maxBackoffMs: 60_000,
  countsWellEnded: false,
  endsUnwanted: true,
  kept: 4,
};

export const goalTable: Readonly<Record<GoalKind, GoalRules>> = {
  stage: towardsJoin,
  prepare: towardsJoin,
  'cluster-keys': towardsJoin,
  init: towardsJoin,
  join: ofHost,
  credentials: passing,
  'forget-credentials': passing,
  // Each is about a time of its own: what is known of them is in the cluster's record.
  snapshot: asked,
  'copy-snapshot': asked,
  defragment: ofHost,
  'smoke-image': ofHost,
  'smoke-test': asked,
  'user-certificate': asked,
  // The host's kubelet may report for a while after its agent.
  'delete-node': { ...ofCluster, attempts: 8 },
  // What is carried out late would undo what came after it. Masters' API servers may be about to restart.
  'label-node': { ...asked, attempts: 5, endsUnwanted: true, kept: 4 },
  'lay-down': ofHost,
  // What did not come up is brought back, and somebody looks at it before it is tried again.
  upgrade: { ...ofHost, attempts: 1 },
  'update-etcd': { ...ofHost, attempts: 1 },
  // Another look of somebody's: what was there before goes on.
  renew: { ...ofHost, attempts: 3 },
  services: ofCluster,
  'change-host': { ...ofHost, attempts: 1 },
  'take-back': ofHost,
  cordon: ofDrain,
  drain: ofDrain,
  uncordon: ofDrain,
};
