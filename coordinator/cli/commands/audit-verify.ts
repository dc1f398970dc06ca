// `coordinator audit verify`: reads the files of the log, from the first line to the last, beside a
// coordinator that runs or without one.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { KeySet } from '../../../shared/model/plan.ts';
import type { Whole } from '../../events/audit-chain.ts';
import { fullFiles, headFile, type ReadLog, readAuditFiles } from '../../events/audit-files.ts';
import { type ReadHead, readHead } from '../../events/audit-head.ts';
import type { ChainEnd } from '../../events/audit-line.ts';
import { dataPaths } from '../../keys/paths.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, dataDirOf } from '../connection.ts';
import { exitCode } from '../exit-codes.ts';

export interface AuditVerifyOptions extends ConnectionOptions {
  readonly file?: string;
  readonly head?: string;
}

export async function auditVerify(options: AuditVerifyOptions, io: CliIo): Promise<number> {
  const noted = options.head === undefined ? null : parseHead(options.head);
  const dataDir = resolve(io.cwd, dataDirOf(options, io));
  const path =
    options.file === undefined ? dataPaths(dataDir).audit : resolve(io.cwd, options.file);
  const isPart = options.file !== undefined;
  // Before the log: a coordinator that runs goes on writing both.
  const remembered = isPart
    ? ({ kind: 'none' } as const)
    : await readHead(headFile(path), await controlKeys(dataDir));
  const heads = [
    ...(noted === null ? [] : [noted]),
    ...(remembered.kind === 'read' ? [remembered.head] : []),
  ];
  const { files, read } = await readAll(path, { isPart, heads });
  const { check } = read;
  if (check.kind === 'broken') {
    const where =
      files.length === 1 ? `line ${read.fileLine}` : `line ${read.fileLine} of ${read.file}`;
    io.err(
      `error: the audit log is broken at ${where}: ${check.reason}\nexpected ${check.expected}\nfound    ${check.found}\n`,
    );
    return exitCode.failed;
  }
  io.out(`the audit log is whole: ${describe(check)}\n`);
  if (check.end.seq > 0) io.out(`head ${check.end.seq}:${check.end.digest}\n`);
  for (const line of warnings(check, read, { remembered, isPart })) io.err(`${line}\n`);
  return remembered.kind === 'read' && !remembered.isSigned ? exitCode.failed : exitCode.done;
}

interface Reading {
  readonly isPart: boolean;
  readonly heads: readonly ChainEnd[];
}

/** A file that became full while it was read has another name now: once more, then. */
async function readAll(
  path: string,
  reading: Reading,
): Promise<{ readonly files: readonly string[]; readonly read: ReadLog }> {
  for (;;) {
    const full = reading.isPart ? [] : await fullFiles(path);
    const files = [...full, path];
    const read = await readAuditFiles(files, reading);
    const isSame = reading.isPart || (await fullFiles(path)).join() === full.join();
    if (isSame || read.check.kind === 'whole') return { files, read };
  }
}

function describe({ lines, first, last }: Whole): string {
  if (first === null || last === null) return 'it has no lines yet';
  const time = (ms: number): string => new Date(ms).toISOString();
  return `${lines} lines, ${first.seq} to ${last.seq}, ${time(first.atMs)} to ${time(last.atMs)}`;
}

interface Beside {
  readonly remembered: ReadHead;
  readonly isPart: boolean;
}

function warnings(check: Whole, read: ReadLog, { remembered, isPart }: Beside): readonly string[] {
  const lines: string[] = [];
  if (check.droppedThrough > 0) {
    const why = isPart ? 'are not in this file' : 'were dropped when the log was full, as it says';
    lines.push(`lines 1 to ${check.droppedThrough} ${why}`);
  }
  if (read.unfinishedBytes > 0) {
    lines.push(
      `${read.unfinishedBytes} bytes of an unfinished line at the end: being written, or left by a power cut`,
    );
  }
  for (const { seq, atMs, event } of check.notes.filter(
    ({ event }) => event !== 'segments-dropped',
  )) {
    const what =
      event === 'tail-missing'
        ? 'the coordinator found the end of the log missing'
        : 'half a line was cut off after a power cut';
    lines.push(`line ${seq}, ${new Date(atMs).toISOString()}: ${what}`);
  }
  if (remembered.kind === 'read' && !remembered.isSigned) {
    lines.push('error: audit.head is not signed with the control key of this coordinator');
  }
  if (!isPart && remembered.kind !== 'read') {
    lines.push(
      'there is no audit.head that can be read: that lines were cut off the end would not be seen',
    );
  }
  return lines;
}

/** @throws AppError usage */
function parseHead(text: string): ChainEnd {
  const [, seq, digest] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || digest === undefined) {
    throw new AppError(
      'usage',
      `--head ${JSON.stringify(text)}: expected SEQ:SHA256 as \`audit verify\` printed it`,
    );
  }
  return { seq: Number(seq), digest };
}

async function controlKeys(dataDir: string): Promise<readonly string[]> {
  try {
    const text = await readFile(dataPaths(dataDir).keySet, 'utf8');
    return (JSON.parse(text) as KeySet).control;
  } catch (cause) {
    throw new AppError(
      'not-found',
      `${dataDir} holds no coordinator: name its --data, or a --file`,
      {
        cause,
      },
    );
  }
}
