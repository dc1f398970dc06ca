// What is wrong on one host: first whether anything of the last minute is known of it, then each part
// that the install has finished there, the cause before what only follows from it. Pure.
import { unreachable } from '../../shared/errors.ts';
import type { HealthReport } from '../../shared/model/health.ts';
import { judgeCertificates } from './judge-certificates.ts';
import type { HealthState, JudgeTimes } from './judge-health.ts';
import { judgeResources } from './judge-resources.ts';
import { judgeUnits } from './judge-units.ts';
import { ONLINE_MS } from './polls.ts';
import type { Problem, ProblemCode, ProblemOf } from './problem.ts';
import type { SeenCluster, SeenHost } from './seen-cluster.ts';

export interface HostJudgement {
  readonly state: HealthState;
  readonly measuredMs: number | null;
  readonly problems: readonly Problem[];
}

export interface HostContext extends JudgeTimes {
  readonly cluster: SeenCluster;
}

/** What was measured before that is not known any more. */
export const FRESH_MS = 60_000;

/** Makes a problem of the host; times of its report become the coordinator's. */
export interface HostFacts {
  readonly host: SeenHost;
  readonly report: HealthReport;
  readonly measuredMs: number;
  fault<Code extends ProblemCode>(
    code: Code,
    params: ProblemOf<Code>['params'],
    about?: { readonly hostSinceMs?: number | null; readonly severity?: Problem['severity'] },
  ): Problem;
}

export function judgeHost(host: SeenHost, context: HostContext): HostJudgement {
  const unheard = judgeContact(host, context);
  const trouble = [...judgeAgent(host), ...judgeClaims(host)];
  const measuredMs = host.measured?.measuredMs ?? null;
  if (unheard !== null || host.measured === null) {
    const problems = [...(unheard === null ? [] : [unheard]), ...trouble];
    return { state: unheard?.code === 'agent-away' ? 'away' : 'unknown', measuredMs, problems };
  }
  const facts = factsOf(host, host.measured);
  const problems = [
    ...trouble,
    ...judgeUnits(facts),
    ...judgeKubelet(facts),
    ...judgeNode(facts),
    ...judgeApiServer(facts, context.cluster),
    ...judgeEtcdMember(facts),
    ...judgeCertificates(facts, context.certificatesNow),
    ...judgeResources(facts, { ignoresClock: context.cluster.ignoresClock }),
  ];
  if (problems.length === 0) return { state: 'healthy', measuredMs, problems };
  return { state: problems.some(stopsNode) ? 'down' : 'degraded', measuredMs, problems };
}

/** Null when the agent calls and what it measured is fresh. */
function judgeContact(host: SeenHost, { cluster, now }: HostContext): Problem | null {
  const subject = host.name;
  const { measured, agentVersion } = host;
  if (!host.online) {
    const isStarting = now - cluster.listeningSinceMs < ONLINE_MS;
    if (isStarting && host.lastHeardMs === null) {
      const params = { cause: 'starting', agentVersion } as const;
      const sinceMs = cluster.listeningSinceMs;
      return { subject, code: 'not-measured', params, severity: 'warning', sinceMs };
    }
    const { isNode, isMaster } = host;
    const params = { isNode, isMaster };
    const severity = host.has.runtime ? 'error' : 'warning';
    // Facts are told once and may be days old: before its first call it was missed by nobody.
    const sinceMs = host.lastHeardMs ?? cluster.listeningSinceMs;
    return { subject, code: 'agent-away', params, severity, sinceMs };
  }
  if (measured !== null && now - measured.measuredMs <= FRESH_MS) return null;
  const cause = host.rejected > 0 ? 'unreadable' : measured === null ? 'none' : 'old';
  const params = { cause, agentVersion } as const;
  const sinceMs = measured?.measuredMs ?? host.lastHeardMs ?? now;
  return { subject, code: 'not-measured', params, severity: 'warning', sinceMs };
}

/** What an agent that does not call told last is not known any more. */
function judgeAgent({ name, online, trouble }: SeenHost): Problem[] {
  if (trouble === null || !online) return [];
  const params = { trouble: trouble.code, sentence: trouble.sentence };
  return [{ subject: name, code: 'agent-trouble', params, severity: 'error', sinceMs: null }];
}

function judgeClaims({ name, claims }: SeenHost): Problem[] {
  if (claims.length === 0) return [];
  const params = { claims };
  return [{ subject: name, code: 'facts-claimed', params, severity: 'error', sinceMs: null }];
}

function factsOf(host: SeenHost, measured: NonNullable<SeenHost['measured']>): HostFacts {
  const { report, measuredMs, offsetMs } = measured;
  return {
    host,
    report,
    measuredMs,
    fault: (code, params, { hostSinceMs = null, severity = 'error' } = {}) => {
      const sinceMs = hostSinceMs === null ? null : Math.min(hostSinceMs + offsetMs, measuredMs);
      // Code and params belong together: the parameters' types say so.
      return { subject: host.name, code, params, severity, sinceMs } as Problem;
    },
  };
}

function judgeKubelet({ host, report, fault }: HostFacts): Problem[] {
  if (!host.has.node || report.kubelet === null || report.kubelet.ok) return [];
  if (isDown(report, 'kubelet.service')) return [];
  const { message, sinceMs } = report.kubelet;
  return [fault('kubelet-silent', { message }, { hostSinceMs: sinceMs })];
}

function judgeNode({ host, report, fault }: HostFacts): Problem[] {
  if (!host.has.node) return [];
  const { node } = report;
  if (node === null) return [fault('part-missing', { part: 'kubelet' })];
  switch (node.kind) {
    case 'missing':
      return [fault('node-missing', { node: node.name }, { hostSinceMs: node.sinceMs })];
    case 'unreachable':
      if (isDown(report, 'muster-api-proxy.service')) return [];
      return [fault('api-unreachable', { message: node.message }, { hostSinceMs: node.sinceMs })];
    case 'seen': {
      const { ready, reason, message, pressures, sinceMs } = node;
      const notReady = fault('node-not-ready', { reason, message }, { hostSinceMs: sinceMs });
      const pressed = pressures.map((pressure) => {
        const about = { hostSinceMs: pressure.sinceMs, severity: 'warning' } as const;
        return fault('node-pressure', { pressure: pressure.type }, about);
      });
      return ready === 'True' ? pressed : [notReady, ...pressed];
    }
    default:
      return unreachable(node);
  }
}

function judgeApiServer({ host, report, fault }: HostFacts, cluster: SeenCluster): Problem[] {
  if (!host.has.apiServer) return [];
  const { apiServer } = report;
  if (apiServer === null) return [fault('part-missing', { part: 'api-server' })];
  if (apiServer.ok) return [];
  const isAnswering = (other: SeenHost): boolean =>
    other !== host && other.online && other.measured?.report.apiServer?.ok === true;
  const others = cluster.hosts.filter(isAnswering).length;
  const { message, sinceMs } = apiServer;
  return [fault('api-server-not-ready', { message, others }, { hostSinceMs: sinceMs })];
}

/** Whether a quorum is left is the whole cluster's business: judge-etcd.ts. */
function judgeEtcdMember({ host, report, fault }: HostFacts): Problem[] {
  if (!host.has.etcd) return [];
  const { etcd } = report;
  if (etcd === null) return [fault('part-missing', { part: 'etcd' })];
  const problems: Problem[] = [];
  if (!etcd.read.ok && !isDown(report, 'etcd.service')) {
    const { message, sinceMs } = etcd.read;
    problems.push(fault('etcd-silent', { message }, { hostSinceMs: sinceMs }));
  }
  if (etcd.status === 'unknown') return problems;
  const { alarms, databaseBytes, quotaBytes } = etcd.status;
  for (const { name, sinceMs } of alarms)
    problems.push(fault('etcd-alarm', { alarm: name }, { hostSinceMs: sinceMs }));
  if (quotaBytes > 0 && databaseBytes >= quotaBytes * fullShare)
    problems.push(fault('etcd-space', { databaseBytes, quotaBytes }, { severity: 'warning' }));
  return problems;
}

/** At its quota etcd takes no more writes; there has to be time to do something about it. */
const fullShare = 0.8;

export const isDown = ({ units }: HealthReport, name: string): boolean =>
  units !== 'unknown' && units.some((unit) => unit.name === name && unit.active !== 'active');

/** Within the last minute, by an agent that calls. */
export const isMeasured = ({ state }: Pick<HostJudgement, 'state'>): boolean =>
  state !== 'away' && state !== 'unknown';

/** With these the node does none of its work, or nobody can know whether it does. */
function stopsNode(problem: Problem): boolean {
  switch (problem.code) {
    case 'kubelet-silent':
    case 'node-not-ready':
    case 'node-missing':
      return true;
    case 'part-missing':
      return problem.params.part === 'kubelet';
    case 'unit-down':
      return ['containerd.service', 'kubelet.service'].includes(problem.params.unit);
    default:
      return false;
  }
}
