// What an operator did, in both places: the audit log, which lasts, and the feed, which people watch.
import type { AuditFields } from '../events/audit-log.ts';
import type { OperatorDependencies } from './dependencies.ts';

export interface OperatorNote {
  /** Name of the call. */
  readonly call: string;
  readonly cluster: string;
  readonly text: string;
  readonly fields: AuditFields;
}

export async function noteOperator(
  deps: Pick<OperatorDependencies, 'audit' | 'feed' | 'clock'>,
  note: OperatorNote,
): Promise<void> {
  const { call, cluster, text, fields } = note;
  await deps.audit.append('operator', { call, cluster, ...fields });
  const line = { node: null, planId: null, stepId: null, level: 'info' as const, text, cluster };
  deps.feed.append([{ ...line, atMs: deps.clock.now() }]);
}
