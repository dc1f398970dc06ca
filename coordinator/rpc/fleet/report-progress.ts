// ReportProgress: the tail of a host's journal, applied to the plans it tells about. Idempotent: the
// same records again change nothing; the answer is always the next offset wanted. The position is
// stored last, so a crash in between means that records come again.

import { checked } from '../../../shared/alphabets.ts';
import { AppError } from '../../../shared/errors.ts';
import type { NodeId } from '../../../shared/model/ids.ts';
import type { JournalRecord } from '../../../shared/model/progress.ts';
import type { ProgressReport__Output } from '../../../shared/rpc/generated/muster/v1/ProgressReport.ts';
import { type InTurn, oneAtATime } from '../../enrollment/one-at-a-time.ts';
import type { AuditEvent } from '../../events/audit-log.ts';
import { lineOfRecord } from '../../events/log-line.ts';
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
  return async (caller, report) => {
    const inTurn = turns.get(caller.id) ?? oneAtATime();
    turns.set(caller.id, inTurn);
    return await inTurn(() => takeReport(deps, caller, report));
  };
}

async function takeReport(
  deps: FleetDependencies,
  caller: NodeRecord,
  report: ProgressReport__Output,
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
  const fresh = report.records.slice(wanted - report.offset);
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
  for (const [planId, group] of byPlan) {
    let judged: readonly JournalRecord[] = [];
    const change = await deps.plans.change(planId, (plan) => {
      if (plan.nodeId !== caller.id) return plan;
      const applied = applyAll(plan, group, heardMs);
      judged = applied.records;
      return applied.plan;
    });
    if (change === null || change.after.nodeId !== caller.id) {
      const reason = change === null ? 'unknown plan' : "another node's plan";
      await deps.audit.append('foreign-record', { nodeId: caller.id, planId, reason });
      deps.log.warn({ nodeId: caller.id, planId, reason }, 'journal records were not applied');
      continue;
    }
    await tell(deps, change.after, judged);
  }
}

interface Applied {
  readonly plan: PlanRecord;
  /** As they were applied. */
  readonly records: readonly JournalRecord[];
}

const applyAll = (plan: PlanRecord, group: readonly JournalRecord[], heardMs: number): Applied =>
  group.reduce<Applied>(
    (before, told) => {
      const record = judgeOutputs(before.plan, inOurTime(told, before.plan, heardMs));
      return { plan: applyRecord(before.plan, record), records: [...before.records, record] };
    },
    { plan, records: [] },
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
