// ReportProgress: the tail of a host's journal, applied to the plans it tells about. Idempotent: the
// same records again change nothing; the answer is always the next offset wanted. The position is
// stored last, so a crash in between means that records come again. What they tell is told on only
// where it changed something, and no host tells more of it in a while than a host has to tell.
import { checked } from '../../../shared/alphabets.ts';
import { AppError } from '../../../shared/errors.ts';
import type { NodeId, PlanId } from '../../../shared/model/ids.ts';
import type { JournalRecord } from '../../../shared/model/progress.ts';
import type { ProgressReport__Output } from '../../../shared/rpc/generated/muster/v1/ProgressReport.ts';
import { type InTurn, oneAtATime } from '../../enrollment/one-at-a-time.ts';
import type { AuditEvent } from '../../events/audit-log.ts';
import { lineOfRecord } from '../../events/log-line.ts';
import { type Buckets, createBuckets, type Rate } from '../../limits/buckets.ts';
import { applyRecord } from '../../plan-records/apply-record.ts';
import { parseJournalRecord } from '../../plan-records/parse-record.ts';
import {
  type JournalPosition,
  keys,
  type NodeRecord,
  type PlanRecord,
} from '../../store/records.ts';
import { update } from '../../store/store.ts';
import type { FleetDependencies } from './fleet-dependencies.ts';
import { judgeOutputs } from './judge-outputs.ts';

export type ReportProgress = (
  caller: NodeRecord,
  report: ProgressReport__Output,
) => Promise<{ nextOffset: number }>;

export function createReportProgress(deps: FleetDependencies): ReportProgress {
  // Two reports of one node at once (a lost connection, then a new one) must not interleave.
  const turns = new Map<NodeId, InTurn>();
  const records = createBuckets(recordsOfNode, deps.clock);
  return async (caller, report) => {
    const inTurn = turns.get(caller.id) ?? oneAtATime();
    turns.set(caller.id, inTurn);
    return await inTurn(() => takeReport(deps, { caller, report, records }));
  };
}

/**
 * The journal of a whole install is some hundred records. Each may be a line of the audit log and a
 * write of its plan, so this is what bounds both, whatever a host makes up.
 */
const recordsOfNode: Rate = { burst: 3_000, perSecond: 2 };

interface Reporting {
  readonly caller: NodeRecord;
  readonly report: ProgressReport__Output;
  readonly records: Buckets;
}

async function takeReport(
  deps: FleetDependencies,
  { caller, report, records }: Reporting,
): Promise<{ nextOffset: number }> {
  checked('identifier', report.journalId, 'journalId of a progress report');
  if (!Number.isSafeInteger(report.offset) || report.offset < 0) {
    throw new AppError(
      'invalid',
      `a progress report has an offset of 0 or more, not ${report.offset}`,
    );
  }
  const wanted = await wantedOffset(deps, caller, report);
  if (report.offset > wanted) return { nextOffset: wanted };
  const offered = report.records.slice(wanted - report.offset);
  const fresh = offered.slice(0, records.take(caller.id, offered.length));
  if (fresh.length < Math.min(offered.length, 1)) {
    throw new AppError('rate-limited', 'this node reports too much: it waits, nothing is lost', {
      retryable: true,
    });
  }
  const nextOffset = wanted + fresh.length;
  await takeRecords(deps, caller, fresh);
  const { journalId } = report;
  await update<JournalPosition>(deps.store, keys.journal(caller.id), (current) =>
    current?.journalId === journalId && current.nextOffset === nextOffset
      ? null
      : { nodeId: caller.id, journalId, nextOffset },
  );
  return { nextOffset };
}

async function wantedOffset(
  deps: FleetDependencies,
  caller: NodeRecord,
  report: ProgressReport__Output,
): Promise<number> {
  const position = await deps.store.get<JournalPosition>(keys.journal(caller.id));
  if (position?.value.journalId === report.journalId) return position.value.nextOffset;
  if (position !== null) {
    const { journalId: before } = position.value;
    await deps.audit.append('journal-changed', {
      nodeId: caller.id,
      before,
      after: report.journalId,
    });
    deps.log.warn(
      { nodeId: caller.id, before, after: report.journalId },
      'the host began a new journal',
    );
  }
  return report.offset;
}

async function takeRecords(
  deps: FleetDependencies,
  caller: NodeRecord,
  raw: readonly Uint8Array[],
): Promise<void> {
  const records = raw.map(parseJournalRecord).filter((record) => record !== null);
  if (records.length < raw.length) {
    const skipped = raw.length - records.length;
    deps.log.warn({ nodeId: caller.id, skipped }, 'journal records that are not understood');
  }
  // One write a plan, however many records it has here.
  const byPlan = Map.groupBy(records, (record) => record.planId);
  const heardMs = deps.clock.now();
  const foreign: { readonly planId: PlanId; readonly reason: string }[] = [];
  for (const [planId, group] of byPlan) {
    let news: readonly JournalRecord[] = [];
    const change = await deps.plans.change(planId, (plan) => {
      if (plan.nodeId !== caller.id) return plan;
      const applied = applyAll(plan, group, heardMs);
      news = applied.news;
      return applied.plan;
    });
    if (change === null) foreign.push({ planId, reason: 'unknown plan' });
    else if (change.after.nodeId !== caller.id)
      foreign.push({ planId, reason: "another node's plan" });
    else await tell(deps, change.after, news);
  }
  if (foreign.length === 0) return;
  // The first of them stands for all.
  const told = { nodeId: caller.id, ...foreign[0], plans: foreign.length };
  await deps.audit.append('foreign-record', told);
  deps.log.warn(told, 'journal records of plans that are not this host’s were not applied');
}

interface Applied {
  readonly plan: PlanRecord;
  /** Those that changed it, as they were applied. */
  readonly news: readonly JournalRecord[];
}

const applyAll = (plan: PlanRecord, group: readonly JournalRecord[], heardMs: number): Applied =>
  group.reduce<Applied>(
    (before, told) => {
      const record = judgeOutputs(before.plan, inOurTime(told, before.plan, heardMs));
      const after = applyRecord(before.plan, record);
      if (after === before.plan) return before;
      return { plan: after, news: [...before.news, record] };
    },
    { plan, news: [] },
  );

/**
 * A host's clock may be wrong by hours, and pauses and credentials are reckoned from these times: what
 * it tells happened after the plan was issued and before it was told.
 */
function inOurTime(record: JournalRecord, plan: PlanRecord, heardMs: number): JournalRecord {
  return { ...record, atMs: Math.min(Math.max(record.atMs, plan.issuedMs), heardMs) };
}

async function tell(
  deps: FleetDependencies,
  plan: PlanRecord,
  records: readonly JournalRecord[],
): Promise<void> {
  const lines = records.map((record) => lineOfRecord(plan, record)).filter((line) => line !== null);
  deps.feed.append(lines);
  const entries = records.map(auditEntry).filter((entry) => entry !== null);
  await Promise.all(
    entries.map(({ event, fields }) =>
      deps.audit.append(event, { nodeId: plan.nodeId, planId: plan.planId, ...fields }),
    ),
  );
}

function auditEntry(record: JournalRecord): { event: AuditEvent; fields: object } | null {
  switch (record.event) {
    case 'step-intent':
      return null;
    case 'step-outcome': {
      const { stepId, attempt, result, durationMs } = record;
      const fields = { stepId, attempt, result, durationMs, error: record.error?.code ?? null };
      return { event: 'step-outcome', fields };
    }
    case 'plan-finished': {
      const { state, changedSteps } = record;
      return {
        event: 'plan-finished',
        fields: { state, changedSteps, error: record.error?.code ?? null },
      };
    }
    case 'plan-refused':
      return { event: 'plan-refused', fields: { reason: record.reason } };
    case 'plan-accepted':
    case 'plan-stop-received':
      return { event: record.event, fields: {} };
  }
}
