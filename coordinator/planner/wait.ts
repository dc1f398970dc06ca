// Why something does not go on: a code with what belongs to it. The planner never writes a sentence;
// words are made where they are shown (operator/wait-sentences.ts), one for every code, or this does
// not compile.
import type { BlockingPod } from '../../shared/model/drain.ts';
import type { ChangeKind } from '../store/records.ts';
import type { PreflightFault } from './preflight/check.ts';
import type { RenewalStanding } from './renewal/standing.ts';

export type WaitReason =
  // The cluster as a whole.
  | {
      readonly code: 'hosts-missing';
      readonly joined: number;
      readonly size: number;
      readonly pool: string;
    }
  | { readonly code: 'preflight-stops'; readonly faults: readonly PreflightFault[] }
  | { readonly code: 'clocks-unknown'; readonly names: readonly string[] }
  | { readonly code: 'artifacts-pulled'; readonly missing: number }
  | { readonly code: 'candidates-away'; readonly names: readonly string[] }
  | { readonly code: 'undecidable'; readonly why: string }
  // One host.
  | {
      readonly code: 'identity-locked';
      readonly name: string;
      /** One clause. */
      readonly what: string;
      readonly addresses: readonly string[];
    }
  | { readonly code: 'first-facts' }
  | { readonly code: 'name-leaving' }
  | { readonly code: 'left-out'; readonly faults: readonly PreflightFault[] }
  | { readonly code: 'clock-unknown' }
  | { readonly code: 'spare'; readonly pool: string; readonly size: number }
  | { readonly code: 'no-auto-join'; readonly pool: string }
  | { readonly code: 'etcd-incomplete' }
  | { readonly code: 'ca-digest-unknown'; readonly planId: string; readonly name: string }
  | {
      readonly code: 'change-under-way';
      /** What has to wait for its turn. */
      readonly turn: 'join' | 'rollout' | 'defragment';
      readonly change: ChangeKind;
      readonly subject: string;
      readonly isAway: boolean;
    }
  | { readonly code: 'agent-before-join' }
  | { readonly code: 'no-master' }
  | { readonly code: 'masters-first'; readonly names: readonly string[] }
  | { readonly code: 'no-delegate'; readonly what: string }
  | { readonly code: 'credentials'; readonly from: string }
  | {
      readonly code: 'too-few-nodes';
      readonly what: string;
      readonly needed: number;
      readonly online: number;
    }
  | { readonly code: 'image-missing'; readonly what: string; readonly image: string }
  // A host that is kept free of pods, or given back.
  | { readonly code: 'cordoning'; readonly owner: string }
  | { readonly code: 'uncordoning'; readonly owner: string }
  | {
      readonly code: 'draining';
      readonly owner: string;
      /** Pods; null before they were counted. */
      readonly left: number | null;
      readonly blocking: readonly BlockingPod[];
      readonly overdueAtMs: number;
    }
  | {
      readonly code: 'not-drained';
      readonly left: number | null;
      readonly blocking: readonly BlockingPod[];
      readonly timeoutMs: number;
    }
  // A goal and its plan.
  | {
      readonly code: 'works-on';
      readonly goal: string;
      readonly planId: string;
      readonly doing: string;
    }
  | { readonly code: 'not-taken'; readonly goal: string; readonly planId: string }
  | {
      readonly code: 'was-doing';
      readonly goal: string;
      readonly planId: string;
      /** False: its agent has not called since the coordinator started. */
      readonly isKnown: boolean;
    }
  | {
      readonly code: 'lane-busy';
      readonly goal: string;
      readonly running: string;
      readonly planId: string | null;
    }
  | { readonly code: 'lane-full'; readonly goal: string; readonly count: number }
  | { readonly code: 'agent-away'; readonly goal: string; readonly heardMs: number }
  | {
      readonly code: 'backing-off';
      readonly goal: string;
      readonly attempt: number;
      readonly attempts: number;
      readonly why: string;
      readonly untilMs: number;
    }
  | {
      readonly code: 'held';
      readonly goal: string;
      readonly why: string;
      readonly planId: string;
      readonly node: string;
    }
  // A rollout, and what waits for it.
  | {
      readonly code: 'rollout-stage';
      readonly rollout: string;
      readonly stage:
        | 'pulling'
        | 'staging'
        | 'ahead'
        | 'snapshot'
        | 'etcd'
        | 'control-plane'
        | 'services';
      /** Hosts it is at, or that it cannot go on without. */
      readonly names: readonly string[];
      /** Of these, those whose agents do not call. */
      readonly away: readonly string[];
    }
  | { readonly code: 'rollout-turn'; readonly rollout: string; readonly names: readonly string[] }
  | {
      readonly code: 'rollout-soak';
      readonly rollout: string;
      readonly names: readonly string[];
      readonly untilMs: number;
    }
  | { readonly code: 'rollout-unwell'; readonly rollout: string; readonly names: readonly string[] }
  | { readonly code: 'rollout-window'; readonly rollout: string; readonly opensMs: number | null }
  | { readonly code: 'rollout-paused'; readonly rollout: string; readonly by: string | null }
  | {
      readonly code: 'rollout-stopped';
      readonly rollout: string;
      readonly name: string;
      readonly why: string;
    }
  | { readonly code: 'rollout-aborted'; readonly rollout: string; readonly by: string | null }
  | {
      readonly code: 'rollout-left';
      readonly rollout: string;
      readonly blocking: readonly BlockingPod[];
    }
  | {
      readonly code: 'rollout-failed';
      readonly rollout: string;
      readonly name: string;
      readonly why: string;
      readonly isTakenBack: boolean;
    }
  /** etcd's members are defragmented when no rollout takes hosts down. */
  | { readonly code: 'rollout-first'; readonly rollout: string }
  /** Its kubelet would be newer than an API server. */
  | { readonly code: 'upgrade-first'; readonly version: string; readonly serves: string }
  /** Refused by an agent that does not know what the plan asks for. */
  | {
      readonly code: 'older-agent';
      readonly goal: string;
      readonly why: string;
      readonly planId: string;
      readonly node: string;
    }
  /** Certificates that are to be renewed, and are not yet. */
  | {
      readonly code: 'renewal-waits';
      readonly standing: Extract<RenewalStanding, { readonly kind: 'away' | 'change' | 'rollout' }>;
      /** Of the first of them; null: not known. */
      readonly endsMs: number | null;
    }
  | { readonly code: 'plan-refused'; readonly goal: string; readonly why: string }
  // Not the planner's: a host that was turned away at the door.
  | {
      readonly code: 'join-refused';
      readonly wish: 'join' | 'return';
      readonly source: string;
      readonly why: string;
      readonly mend: string;
    };

export type WaitCode = WaitReason['code'];

export interface Wait {
  /** A node's name, or the cluster's for what concerns no single node. */
  readonly subject: string;
  readonly reason: WaitReason;
  readonly sinceMs: number;
  /** The operator's request that waits; absent for what the cluster needs by itself. */
  readonly request?: string;
}

/** These end only when an operator acts; the others end by themselves. */
const heldCodes: ReadonlySet<WaitCode> = new Set([
  'preflight-stops',
  'identity-locked',
  'left-out',
  'spare',
  'no-auto-join',
  'ca-digest-unknown',
  'image-missing',
  'not-drained',
  'held',
  'older-agent',
  'plan-refused',
  'undecidable',
  'join-refused',
  'rollout-paused',
  'rollout-stopped',
  'rollout-aborted',
  'rollout-failed',
]);

export const isHeld = ({ reason }: Pick<Wait, 'reason'>): boolean => heldCodes.has(reason.code);
