// What a member may send: the file that a running plan of its own names, and no other. Another node's
// plan and none at all look the same from outside.
import { isOf } from '../../shared/alphabets.ts';
import type { Plan } from '../../shared/model/plan.ts';
import type { Plans } from '../plan-records/plans.ts';
import type { EnvelopeRecord, NodeRecord } from '../store/records.ts';
import type { UploadTarget } from './snapshot-folder.ts';

/** A database has at most 8 GiB by etcd's own advice; what sealing adds is little. */
export const LONGEST_UPLOAD_BYTES = 8.5 * 1024 ** 3;

export type FoundTarget =
  | { readonly kind: 'found'; readonly target: UploadTarget }
  /** The host took the plan, and its journal has not said so here. */
  | { readonly kind: 'not-yet' }
  | { readonly kind: 'refused'; readonly why: string };

export interface Asked {
  readonly planId: string;
  readonly stepId: string;
}

export async function findTarget(
  plans: Pick<Plans, 'get' | 'envelope'>,
  caller: NodeRecord,
  { planId, stepId }: Asked,
): Promise<FoundTarget> {
  if (!isOf('planId', planId) || !isOf('identifier', stepId)) return refused('no such plan');
  const plan = await plans.get(planId);
  if (plan === null || plan.nodeId !== caller.id) return refused(`this node has no plan ${planId}`);
  if (plan.state === 'issued' && !plan.stopRequested) return { kind: 'not-yet' };
  if (plan.state !== 'accepted') return refused(`plan ${planId} is ${plan.state}, not running`);
  const envelope = await plans.envelope(planId);
  const steps = envelope === null ? [] : contentOf(envelope).stages.flatMap(({ steps }) => steps);
  const step = steps.find(({ id }) => id === stepId);
  if (step?.kind !== 'upload-snapshot') return refused(`plan ${planId} has no such step`);
  const { id, sha256, bytes } = step.args;
  if (bytes > LONGEST_UPLOAD_BYTES)
    return refused(`${bytes} bytes are more than the ${LONGEST_UPLOAD_BYTES} that are taken`);
  return { kind: 'found', target: { cluster: plan.cluster, id, sha256, bytes } };
}

const refused = (why: string): FoundTarget => ({ kind: 'refused', why });

/** Our own bytes, as they were signed. */
const contentOf = (record: EnvelopeRecord): Plan =>
  JSON.parse(Buffer.from(record.envelope.payload, 'base64').toString('utf8')) as Plan;
