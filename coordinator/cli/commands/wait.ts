// `coordinator wait --for CONDITION`
import { formatAge } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ClusterDocument, NodeDocument, PlanDocument } from '../../operator/documents.ts';
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withPatience } from '../connection.ts';
import { parseDuration } from '../duration.ts';
import { exitCode } from '../exit-codes.ts';
import { fetchDocuments } from './fetch-documents.ts';
import { nextChange } from './next-change.ts';

interface WaitOptions extends ConnectionOptions {
  readonly for: string;
  readonly timeout: string;
}

interface Progress {
  readonly isMet: boolean;
  /** It can never be met any more. */
  readonly isOver?: boolean;
  readonly text: string;
  /** What is in the way, one per line; told apart from the text, and not when it is met. */
  readonly lines?: readonly string[];
}

type Condition = (call: Call) => Promise<Progress & { readonly revision: number }>;

export async function wait(options: WaitOptions, io: CliIo): Promise<number | undefined> {
  const condition = parseCondition(options.for);
  // 0 looks once.
  const timeoutMs = options.timeout === '0' ? 0 : parseDuration(options.timeout, '--timeout');
  const untilMs = io.clock.boot() + timeoutMs;
  const work = async (call: Call): Promise<number | undefined> => {
    let said = '';
    for (;;) {
      const { revision, ...progress } = await condition(call);
      const text = [progress.text, ...(progress.lines ?? [])].join('\n  ');
      if (text !== said) io.err(`${text}\n`);
      said = text;
      if (progress.isMet) return undefined;
      if (progress.isOver === true) return exitCode.failed;
      const leftMs = untilMs - io.clock.boot();
      if (leftMs <= 0) {
        const waited = timeoutMs === 0 ? 'not' : `waited ${formatAge(timeoutMs)} for`;
        throw new AppError(
          'timeout',
          `${waited} ${options.for}: ${progress.text}; \`coordinator explain\` says why`,
        );
      }
      await nextChange(call, revision, { io, leftMs });
    }
  };
  return await withPatience(options, io, { untilMs, work });
}

/** @throws AppError usage */
function parseCondition(text: string): Condition {
  const [, name, value] = /^(?:condition=)?([a-z]+)(?:=(.+))?$/.exec(text) ?? [];
  const count = value !== undefined && /^\d+$/.test(value) ? Number(value) : null;
  if (name === 'ready' && value === undefined) return clusterReady;
  if (name === 'healthy' && value === undefined) return clusterHealthy;
  if (name === 'ready' && count !== null) return nodesWith(count, 'ready', (node) => node.ready);
  if (name === 'joined' && count !== null)
    return nodesWith(count, 'joined', (node) => node.state === 'active');
  if (name === 'plan' && value !== undefined) return planDone(value);
  throw new AppError(
    'usage',
    `--for ${JSON.stringify(text)}: expected ready, healthy, ready=N, joined=N or plan=ID`,
  );
}

function nodesWith(wanted: number, word: string, test: (node: NodeDocument) => boolean): Condition {
  return async (call) => {
    const { documents, revision } = await fetchDocuments<NodeDocument>(call, 'nodes');
    const have = documents.filter(test).length;
    return { isMet: have >= wanted, text: `${have} of ${wanted} nodes ${word}`, revision };
  };
}

const clusterReady: Condition = async (call) => {
  const { documents, revision } = await fetchDocuments<ClusterDocument>(call, 'clusters');
  const isMet = documents.length > 0 && documents.every(({ phase }) => phase === 'ready');
  const text = documents
    .map(
      (cluster) =>
        `cluster ${cluster.name}: ${cluster.phase}, ${cluster.ready} of ${cluster.joined} nodes ready`,
    )
    .join('; ');
  return { isMet, text: text === '' ? 'there is no cluster yet' : text, revision };
};

/** Installed, and everything that was installed measured as right within the last minute. */
const clusterHealthy: Condition = async (call) => {
  const { documents, revision } = await fetchDocuments<ClusterDocument>(call, 'clusters');
  const isWell = ({ phase, health }: ClusterDocument): boolean =>
    phase === 'ready' && health.state === 'healthy';
  const texts = documents.map(({ name, phase, health }) => {
    const install = phase === 'ready' ? '' : `${phase}, `;
    return `cluster ${name}: ${install}${health.state}, ${health.measuredHosts} of ${health.hosts} hosts measured`;
  });
  return {
    isMet: documents.length > 0 && documents.every(isWell),
    text: texts.length === 0 ? 'there is no cluster yet' : texts.join('; '),
    lines: documents.flatMap(({ health }) =>
      health.problems.map(({ subject, what, means }) => `${subject} ${what}; ${means}`),
    ),
    revision,
  };
};

function planDone(id: string): Condition {
  return async (call) => {
    const { documents, revision } = await fetchDocuments<PlanDocument>(call, 'plans', id);
    const [plan] = documents;
    const state = plan?.state ?? 'issued';
    const isOver = !['issued', 'accepted', 'done'].includes(state);
    const reason = plan?.error?.message ?? plan?.message ?? null;
    return {
      isMet: state === 'done',
      isOver,
      text: `plan ${id} is ${state}${reason === null ? '' : `: ${reason}`}`,
      revision,
    };
  };
}
