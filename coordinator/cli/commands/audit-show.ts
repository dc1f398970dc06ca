// `coordinator audit show`: the lines of the log that are asked for, oldest first.
import { resolve } from 'node:path';
import { fullFiles, readAuditFiles } from '../../events/audit-files.ts';
import { asAscii } from '../../events/audit-line.ts';
import type { AuditLine } from '../../events/audit-log.ts';
import { dataPaths } from '../../keys/paths.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, dataDirOf } from '../connection.ts';
import { parseCount, parseDuration } from '../duration.ts';
import { exitCode } from '../exit-codes.ts';

export interface AuditShowOptions extends ConnectionOptions {
  readonly file?: string;
  readonly since?: string;
  readonly operator?: string;
  readonly node?: string;
  readonly event?: string;
  readonly tail: string;
  readonly output: string;
}

export async function auditShow(options: AuditShowOptions, io: CliIo): Promise<number> {
  const path =
    options.file === undefined
      ? dataPaths(resolve(io.cwd, dataDirOf(options, io))).audit
      : resolve(io.cwd, options.file);
  const files = options.file === undefined ? [...(await fullFiles(path)), path] : [path];
  const tail = parseCount(options.tail, '--tail');
  const sinceMs =
    options.since === undefined ? 0 : io.clock.now() - parseDuration(options.since, '--since');
  const names = new Map<string, string>();
  const kept: AuditLine[] = [];
  const onLine = (line: AuditLine): void => {
    if (line.event === 'joined') names.set(String(line['nodeId']), String(line['name']));
    if (line.atMs < sinceMs || !isAsked(line, options, names)) return;
    kept.push(line);
    if (kept.length > 2 * tail) kept.splice(0, kept.length - tail);
  };
  const { check } = await readAuditFiles(files, { isPart: true, onLine });
  for (const line of kept.slice(-tail)) {
    io.out(
      options.output === 'json' ? `${asAscii(JSON.stringify(line))}\n` : formatLine(line, names),
    );
  }
  if (check.kind !== 'broken') return exitCode.done;
  io.err(`error: the log is broken at line ${check.line}: \`coordinator audit verify\` says how\n`);
  return exitCode.failed;
}

function isAsked(
  line: AuditLine,
  { operator, node, event }: AuditShowOptions,
  names: ReadonlyMap<string, string>,
): boolean {
  if (operator !== undefined && line['operator'] !== operator) return false;
  if (event !== undefined && line.event !== event) return false;
  if (node === undefined) return true;
  const id = typeof line['nodeId'] === 'string' ? line['nodeId'] : '';
  return id === node || names.get(id) === node;
}

const chain = new Set(['seq', 'atMs', 'event', 'prev', 'operator', 'nodeId']);

/** Time, event, who, and the rest as it is there. What cannot be shown is taken out where it is printed. */
export function formatLine(line: AuditLine, names: ReadonlyMap<string, string>): string {
  const time = new Date(line.atMs).toISOString();
  const rest = Object.entries(line)
    .filter(([name]) => !chain.has(name))
    .map(
      ([name, value]) =>
        `${name}=${typeof value === 'string' ? oneLine(value) : JSON.stringify(value)}`,
    );
  const id = line['nodeId'];
  const node = typeof id === 'string' ? `node ${names.get(id) ?? id}` : '';
  const operator = line['operator'];
  const who = typeof operator === 'string' ? `operator ${operator}` : node;
  return `${[time, line.event, who === '' ? '-' : who, ...rest].join('  ')}\n`;
}

const oneLine = (text: string): string =>
  /^[\p{L}\p{N}._:@/+-]+$/u.test(text) ? text : JSON.stringify(text);
