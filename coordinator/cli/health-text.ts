// Health as lines for people: what is wrong, what it means, since when and what ends it. Pure.

import { formatAge } from '../../shared/duration.ts';
import type { ClusterHealthDocument, ProblemDocument } from '../operator/health-documents.ts';

/** `w1 does not run …; …` and below it since when and what ends it. */
function formatProblem(problem: ProblemDocument, now: number): string {
  const { subject, what, means, sinceMs, endsWhen } = problem;
  return `${subject} ${what}; ${means}\n  ${formatSince(sinceMs, now)}ends when ${endsWhen}\n`;
}

export const formatProblems = (problems: readonly ProblemDocument[], now: number): string =>
  problems.map((problem) => formatProblem(problem, now)).join('');

/** Empty where nobody knows since when. */
export const formatSince = (sinceMs: number | null, now: number): string =>
  sinceMs === null ? '' : `since ${formatAge(now - sinceMs)}; `;

export const formatMeasured = (measuredMs: number | null, now: number): string =>
  measuredMs === null ? 'not since the coordinator started' : `${formatAge(now - measuredMs)} ago`;

/** `etcd 3/3`, `etcd 2/3 (w2 missing), needs 2` */
export function formatQuorum({ quorum }: ClusterHealthDocument): string | null {
  if (quorum === null) return null;
  const { voters, healthy, needed, missing, unknown } = quorum;
  const notes = [
    ...(missing.length > 0 ? [`without ${missing.join(', ')}`] : []),
    ...(unknown > 0 ? [`${unknown} not measured`] : []),
  ];
  const note = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  return `${healthy} of ${voters} etcd members${note}, ${needed} needed`;
}
