// Explain: why a cluster is not as it should be. First what waits, as the planner says it, and faults
// of the preflight that hold something; then what is wrong with what is installed. When nothing is
// said here it also says of how many hosts that is known.
import { isBlocking, sentence } from '../planner/preflight/check.ts';
import type { Wait } from '../planner/wait.ts';
import type { Problem } from '../presence/problem.ts';
import type { ClusterRecord } from '../store/records.ts';
import { clustersOf } from './clusters.ts';
import type { OperatorDependencies } from './dependencies.ts';
import { allProblems, isMeasured, problemDocument } from './health-documents.ts';
import type { Seen } from './node-documents.ts';
import { seenCluster } from './seen.ts';
import type { ShownWait } from './wait-sentences.ts';

export interface ExplainLine extends Omit<ShownWait, 'kind' | 'sinceMs'> {
  /** unhealthy: something installed does not work. */
  readonly kind: ShownWait['kind'] | 'unhealthy';
  /** Null where only that it is so is known. */
  readonly sinceMs: number | null;
  readonly severity?: Problem['severity'];
}

export interface Explanation {
  readonly lines: readonly ExplainLine[];
  /** The hosts it is about. */
  readonly hosts: number;
  /** Of these, how many were measured within the last minute. */
  readonly measured: number;
  /** When the one was measured whose measurement is the oldest; null when one was not at all. */
  readonly measuredMs: number | null;
}

type Dependencies = Pick<OperatorDependencies, 'store' | 'clusters' | 'health' | 'clock'>;

/** @param node a node's name; empty: everything. @throws AppError not-found */
export async function explain(deps: Dependencies, node: string): Promise<Explanation> {
  const clusters = await clustersOf(deps.store, node);
  const seen = await Promise.all(clusters.map((cluster) => seenCluster(deps, cluster.name)));
  const known = seen.filter((one) => one !== null);
  const lines = clusters.flatMap((cluster) => linesOf(cluster, known, node));
  const hosts = known
    .flatMap(({ health }) => [...health.hosts.values()])
    .filter(({ name }) => node === '' || name === node);
  const times = hosts.map(({ measuredMs }) => measuredMs);
  return {
    lines,
    hosts: hosts.length,
    measured: hosts.filter(isMeasured).length,
    measuredMs: times.includes(null) ? null : Math.min(...times.filter((ms) => ms !== null)),
  };
}

function linesOf(cluster: ClusterRecord, all: readonly Seen[], node: string): ExplainLine[] {
  const { name, createdMs } = cluster;
  const seen = all.find(({ view }) => view.cluster.name === name);
  if (seen === undefined || seen.decision === null) {
    const endsWhen = 'the coordinator has started';
    const line = { subject: name, for: 'has not been looked at yet', endsWhen };
    return [{ ...line, code: 'not-decided', sinceMs: createdMs, kind: 'waiting' }];
  }
  const isMeant = ({ subject }: { readonly subject: string }): boolean =>
    node === '' || subject === node || subject === name;
  const problems = node === '' ? allProblems(seen.health) : ownProblems(seen, node);
  return [
    ...[...seen.waits.values()].flat().filter(isMeant),
    ...faultLines(seen.decision, createdMs).filter(isMeant),
    ...problems.map(problemLine),
  ];
}

function ownProblems({ health }: Seen, node: string): readonly Problem[] {
  return [...health.problems, ...(health.hosts.get(node)?.problems ?? [])];
}

/** Faults that hold a host and that no wait tells in full. */
function faultLines(decision: NonNullable<Seen['decision']>, sinceMs: number): ExplainLine[] {
  const told = new Set(decision.waits.flatMap(faultsIn));
  return decision.faults
    .filter((fault) => isBlocking(fault) && !told.has(fault))
    .map(
      (fault): ExplainLine => ({
        code: 'preflight',
        subject: fault.node,
        for: `fails the preflight: ${sentence(fault)}`,
        sinceMs,
        endsWhen: `it is mended, or \`coordinator apply --ignore ${fault.check}\` takes the blame`,
        kind: 'held',
      }),
    );
}

const faultsIn = ({ reason }: Wait) => ('faults' in reason ? reason.faults : []);

function problemLine(problem: Problem): ExplainLine {
  const { subject, code, severity, sinceMs, what, means, endsWhen } = problemDocument(problem);
  const words = `${what}; ${means}`;
  return { subject, for: words, sinceMs, endsWhen, kind: 'unhealthy', code, severity };
}
