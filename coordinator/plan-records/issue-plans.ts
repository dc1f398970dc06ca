// From drafts to plans that hosts can pull. Three records, in this order: the node's number, the
// envelope, the plan. A crash between any two costs a number and nothing else: the next decision
// drafts the plan again, and numbers may have gaps but never repeat.
import type { KeyObject } from 'node:crypto';
import { sha256Hex } from '../../shared/canonical.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { Envelope, Lane } from '../../shared/model/plan.ts';
import type { Random } from '../../shared/random.ts';
import { envelopeToStored } from '../../shared/rpc/codec.ts';
import type { AuditLog } from '../events/audit-log.ts';
import type { EventFeed } from '../events/event-feed.ts';
import { issuedText } from '../events/log-line.ts';
import type { PlanDraft } from '../planner/decision.ts';
import { createPlan, issuedRecord, signPlan } from '../signing/issuer.ts';
import { newPlanId } from '../signing/new-ids.ts';
import { keys, type NodeRecord, type PlanRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { isSameGoal } from './goal-key.ts';
import type { Plans } from './plans.ts';

export interface IssueDependencies {
  readonly fleet: string;
  readonly epoch: number;
  readonly store: Store;
  readonly planKey: KeyObject;
  readonly clock: Clock;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly feed: EventFeed;
  readonly plans: Plans;
  /** @default the system's */
  readonly random?: Random;
  /** The node's open poll looks again. */
  readonly wake: (nodeId: string) => void;
}

/** Drafts for one node in the order given; false when something came between: decide again. */
export async function issuePlans(
  deps: IssueDependencies,
  drafts: readonly PlanDraft[],
): Promise<boolean> {
  const unfinished = new Map<string, PlanRecord[]>();
  for (const draft of drafts) {
    const { nodeId } = draft;
    const own = unfinished.get(nodeId) ?? [...(await deps.plans.unfinishedOf(nodeId))];
    unfinished.set(nodeId, own);
    if (!(await issuePlan(deps, draft, own))) return false;
  }
  return true;
}

/** @param own unfinished plans of the node; the one that is issued is added */
async function issuePlan(
  deps: IssueDependencies,
  draft: PlanDraft,
  own: PlanRecord[],
): Promise<boolean> {
  if (!isLaneFree(draft, own)) {
    const { nodeId, lane, goal } = draft;
    deps.log.error({ nodeId, lane, goal }, 'a plan was drafted for a lane with an unfinished one');
    return true;
  }
  const node = await takeNumber(deps, draft.nodeId, draft.lane);
  if (node === null) return false;
  const plan = createPlan(draft, node, {
    fleet: deps.fleet,
    planId: newPlanId(deps.random),
    epoch: deps.epoch,
    sequence: node.sequence[draft.lane],
    now: deps.clock.now(),
  });
  const { planId } = plan;
  const signed = signPlan(plan, deps.planKey);
  const record = issuedRecord(plan, node, draft);
  // Before any host can have it: what is signed and cannot be written down is not given out.
  await writeDown(deps, record, signed);
  const envelope = envelopeToStored(signed);
  if (!(await deps.plans.add(record, { planId, envelope }))) return false;
  own.push(record);
  deps.wake(node.id);
  note(deps, record);
  return true;
}

/** The host lane takes one plan; the cluster lane several, but not the same one twice. */
function isLaneFree(draft: PlanDraft, unfinished: readonly PlanRecord[]): boolean {
  return !unfinished.some(
    (plan) =>
      plan.lane === draft.lane &&
      (draft.lane === 'host' || isSameGoal(plan.goalKey, draft.goalKey)),
  );
}

async function takeNumber(
  deps: IssueDependencies,
  nodeId: string,
  lane: Lane,
): Promise<NodeRecord | null> {
  const stored = await deps.store.get<NodeRecord>(keys.node(nodeId));
  if (stored === null || stored.value.state !== 'active') return null;
  const { sequence } = stored.value;
  const node = { ...stored.value, sequence: { ...sequence, [lane]: sequence[lane] + 1 } };
  const result = await deps.store.put(keys.node(nodeId), node, stored.revision);
  return result.kind === 'stored' ? node : null;
}

async function writeDown(
  deps: IssueDependencies,
  record: PlanRecord,
  signed: Envelope,
): Promise<void> {
  const { planId, nodeId, lane, goal, attempt, epoch, sequence } = record;
  const fields = { planId, nodeId, lane, goal, attempt, epoch, sequence };
  const key = signed.signatures[0]?.keyid ?? null;
  await deps.audit.append('plan-issued', { ...fields, key, payload: sha256Hex(signed.payload) });
}

function note(deps: IssueDependencies, record: PlanRecord): void {
  const { planId, nodeId, nodeName, cluster, lane, goal, attempt } = record;
  deps.log.info(
    { planId, nodeId, node: nodeName, clusterId: cluster, lane, goal, attempt },
    'plan issued',
  );
  deps.feed.append([
    {
      atMs: record.issuedMs,
      node: nodeName,
      cluster,
      planId,
      stepId: null,
      level: 'info',
      text: issuedText(record),
    },
  ]);
}
