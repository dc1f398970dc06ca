// `coordinator describe node|cluster|plan NAME` and `coordinator plan show ID`
import { formatAge, formatTook } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import { plainLine } from '../../../shared/plain-text.ts';
import type { ClusterDocument, NodeDocument, PlanDocument } from '../../operator/documents.ts';
import type { ShownWait as Wait } from '../../operator/wait-sentences.ts';
import type { PreflightFault } from '../../planner/preflight/check.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, withCoordinator } from '../connection.ts';
import { formatMeasured, formatProblems, formatQuorum } from '../health-text.ts';
import { formatFields, formatTable } from '../table.ts';
import { formatLine } from './explain.ts';
import { fetchDocuments } from './fetch-documents.ts';

interface DescribeOptions extends ConnectionOptions {
  readonly kind: string;
  readonly name: string;
}

export async function describe(options: DescribeOptions, io: CliIo): Promise<undefined> {
  const kind = options.kind.toLowerCase().replace(/s$/, '');
  const { name } = options;
  await withCoordinator(options, io, async (call) => {
    const now = io.clock.now();
    switch (kind) {
      case 'node': {
        const { documents } = await fetchDocuments<NodeDocument>(call, 'nodes', name);
        for (const node of documents) io.out(describeNode(node, now));
        return;
      }
      case 'cluster': {
        const { documents } = await fetchDocuments<ClusterDocument>(call, 'clusters', name);
        for (const cluster of documents) io.out(describeCluster(cluster, now));
        return;
      }
      case 'plan': {
        const { documents } = await fetchDocuments<PlanDocument>(call, 'plans', name);
        for (const plan of documents) io.out(describePlan(plan, now));
        return;
      }
      default:
        throw new AppError(
          'usage',
          `describe ${options.kind}: expected node, cluster or plan; \`get\` shows the others`,
        );
    }
  });
  return undefined;
}

export async function showPlan(
  options: ConnectionOptions & { readonly id: string },
  io: CliIo,
): Promise<undefined> {
  return await describe({ ...options, kind: 'plan', name: options.id }, io);
}

function formatApplied(applied: NonNullable<NodeDocument['details']>['applied'], now: number) {
  const rows = Object.entries(applied).map(([component, { digest, planId, atMs }]) => [
    component,
    digest ?? 'by version 0.1',
    `${formatAge(now - atMs)} ago`,
    planId,
  ]);
  return rows.length === 0 ? '' : formatTable(['COMPONENT', 'DIGEST', 'WHEN', 'BY PLAN'], rows);
}

function describeNode(node: NodeDocument, now: number): string {
  const { details } = node;
  const facts = details?.facts ?? null;
  const memory =
    facts === null || facts.memoryBytes === 'unknown'
      ? null
      : `${Math.floor(facts.memoryBytes / 1024 / 1024)} MiB`;
  const head = formatFields([
    ['Name', node.name],
    ['Id', node.id],
    ['Cluster', node.cluster],
    ['Pool', `${node.pool} (${node.roles.join(', ')})`],
    ['Status', node.status],
    ['Phase', node.phase],
    ['Identity', node.state],
    ['Address', node.address],
    ['Kubelet', node.version],
    ['OS', node.os],
    ['Kernel', node.kernel],
    ['Architecture', node.architecture],
    ['Memory', memory],
    ['CPUs', facts === null || facts.cpus === 'unknown' ? null : facts.cpus],
    ['Machine id', facts?.machineId ?? null],
    ['Agent', node.agentVersion],
    [
      'Last poll',
      node.lastPollMs === null
        ? 'not since the coordinator started'
        : `${formatAge(now - node.lastPollMs)} ago`,
    ],
    [
      'Joined',
      `${formatAge(now - node.joinedMs)} ago${details === undefined ? '' : ` from ${details.joinedFrom} with token ${details.tokenId}`}`,
    ],
    ['Steps applied', node.changedSteps],
    ['Measured', formatMeasured(node.health.measuredMs, now)],
    [node.online ? 'Doing' : 'Was doing', node.doing.join('; ')],
  ]);
  const plans = node.plans.map((plan) => [
    plan.planId,
    plan.goal,
    plan.state,
    `${plan.doneSteps}/${plan.steps}`,
    plan.step,
  ]);
  return [
    head,
    section(
      node.online ? 'Plans' : 'Plans when it was last heard',
      plans.length === 0 ? '' : formatTable(['ID', 'GOAL', 'STATE', 'STEPS', 'STEP'], plans),
    ),
    section('Health', formatProblems(node.health.problems, now)),
    section('Waits', formatWaits(node.waits, now)),
    section('Laid down', details === undefined ? '' : formatApplied(details.applied, now)),
    section('Preflight', formatFaults(details?.faults ?? [])),
  ].join('');
}

function describeCluster(cluster: ClusterDocument, now: number): string {
  const { artifacts } = cluster;
  const head = formatFields([
    ['Name', cluster.name],
    ['Kubernetes', cluster.version],
    ['Phase', cluster.phase],
    ['Health', cluster.health.state],
    ['Measured', formatMeasured(cluster.health.measuredMs, now)],
    ['Nodes', `${cluster.ready} ready of ${cluster.joined} joined`],
    ['Quorum', formatQuorum(cluster.health)],
    ['Masters', cluster.masters.join(', ')],
    [
      'Artifacts',
      `${artifacts.stored} of ${artifacts.locked} stored (${artifacts.state})${artifacts.message === null ? '' : `: ${artifacts.message}`}`,
    ],
    ['Checks ignored', cluster.ignoredChecks.join(', ')],
    ['CA', cluster.caDigest],
    ['Created', `${formatAge(now - cluster.createdMs)} ago`],
  ]);
  const pools = cluster.spec.pools.map((pool) => [
    pool.name,
    pool.roles.join(','),
    pool.size ?? null,
  ]);
  return [
    head,
    section('Pools', formatTable(['NAME', 'ROLES', 'SIZE'], pools)),
    section('Health', formatProblems(cluster.health.problems, now)),
    section('Waits', formatWaits(cluster.waits, now)),
    section('Preflight', formatFaults(cluster.faults)),
  ].join('');
}

function describePlan(plan: PlanDocument, now: number): string {
  const took =
    plan.acceptedMs === null || plan.finishedMs === null
      ? null
      : formatTook(plan.finishedMs - plan.acceptedMs);
  const head = formatFields([
    ['Plan', plan.planId],
    ['Goal', plan.goal],
    ['Node', `${plan.nodeName} (${plan.nodeId})`],
    ['State', plan.refusal === null ? plan.state : `${plan.state}: ${plan.refusal}`],
    ['Attempt', plan.attempt],
    ['Lane', `${plan.lane}, epoch ${plan.epoch}, sequence ${plan.sequence}`],
    ['Issued', `${formatAge(now - plan.issuedMs)} ago`],
    ['Took', took],
    ['Steps changed', plan.changedSteps],
    ['Message', plan.message],
  ]);
  const stages = plan.stages.map((stage) => {
    const rows = stage.steps.map(({ id, kind }) => {
      const step = plan.steps.find(({ stepId }) => stepId === id);
      const duration = step?.durationMs ?? null;
      return [
        id,
        kind,
        step?.state ?? null,
        duration === null ? null : formatTook(duration),
        step?.note ?? null,
      ];
    });
    return section(
      `Stage ${stage.title}`,
      formatTable(['STEP', 'KIND', 'STATE', 'TOOK', 'NOTE'], rows),
    );
  });
  const errors = plan.steps.flatMap(({ stepId, error }) => {
    if (error === null) return [];
    const command = error.command === null ? '' : `  command: ${plainLine(error.command)}\n`;
    const output =
      error.outputTail === null
        ? ''
        : error.outputTail
            .trimEnd()
            .split('\n')
            .map((line) => `  | ${line}\n`)
            .join('');
    return [`${plainLine(`${stepId} (${error.code}): ${error.message}`)}\n${command}${output}`];
  });
  return head + stages.join('') + section('Errors', errors.join(''));
}

const section = (title: string, body: string): string =>
  body === '' ? '' : `\n${title}:\n${indent(body)}`;
const indent = (body: string): string =>
  body
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}\n`)
    .join('');
const formatWaits = (waits: readonly Wait[], now: number): string =>
  waits.map((wait) => formatLine(wait, now)).join('');
const formatFaults = (faults: readonly PreflightFault[]): string =>
  faults
    .map(
      (fault) =>
        `${plainLine(`${fault.severity} ${fault.node} [${fault.check}] found ${fault.found}, needed ${fault.needed}; ${fault.mend}`)}\n`,
    )
    .join('');
