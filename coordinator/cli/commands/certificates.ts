// `coordinator certificates check|renew`
import { randomBytes } from 'node:crypto';
import { formatAge } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import type { CertificateDocument } from '../../operator/documents.ts';
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withCoordinator, withPatience } from '../connection.ts';
import { parseDuration } from '../duration.ts';
import { exitCode } from '../exit-codes.ts';
import { formatDocuments, parseFormat } from '../output.ts';
import { fetchDocuments } from './fetch-documents.ts';

interface CheckOptions extends ConnectionOptions {
  readonly name?: string;
  readonly output: string;
}

export async function checkCertificates(
  { name, output, ...options }: CheckOptions,
  io: CliIo,
): Promise<number | undefined> {
  const format = parseFormat(output);
  return await withCoordinator(options, io, async (call) => {
    const { documents } = await fetchDocuments<CertificateDocument>(call, 'certificates');
    const shown = name === undefined ? documents : documents.filter(({ node }) => node === name);
    if (name !== undefined && shown.length === 0) {
      const known = [...new Set(documents.map(({ node }) => node))];
      throw new AppError(
        'not-found',
        `nothing is known of ${name}; there are: ${known.join(', ')}`,
      );
    }
    const how = { kind: 'certificates', format, now: io.clock.now(), isSingle: false } as const;
    io.out(formatDocuments(shown, how));
    const near = shown.filter(({ isNearEnd }) => isNearEnd);
    const unknown = shown.filter(({ leftMs }) => leftMs === null).map(({ node }) => node);
    if (unknown.length > 0) io.err(`not known, not measured: ${unknown.join(', ')}\n`);
    if (near.length === 0) return undefined;
    const count = near.length === 1 ? 'one has' : `${near.length} have`;
    io.err(`${count} ended, or ${near.length === 1 ? 'ends' : 'end'} within 30 days\n`);
    return exitCode.failed;
  });
}

interface RenewOptions extends ConnectionOptions {
  readonly name?: string;
  readonly all?: boolean;
  readonly timeout: string;
}

export async function renewCertificates(
  { name, all, timeout, ...options }: RenewOptions,
  io: CliIo,
): Promise<number | undefined> {
  if ((name === undefined) === (all !== true)) {
    throw new AppError('usage', 'say whose: the name of a master, or --all');
  }
  const timeoutMs = parseDuration(timeout, '--timeout');
  const untilMs = io.clock.boot() + timeoutMs;
  const runId = `cli-${randomBytes(4).toString('hex')}`;
  const work = async (call: Call): Promise<number | undefined> => {
    const said = new Set<string>();
    for (;;) {
      const reply = await call('RenewCertificates', { node: name ?? '', runId });
      for (const line of reply.lines.filter((one) => !said.has(one))) {
        said.add(line);
        io.out(`${line}\n`);
      }
      if (!reply.pending) return reply.renewed ? undefined : exitCode.failed;
      if (io.clock.boot() >= untilMs) {
        throw new AppError(
          'timeout',
          `not every certificate was renewed within ${formatAge(timeoutMs)}; it goes on, and \`coordinator explain\` says what it waits for`,
        );
      }
    }
  };
  return await withPatience(options, io, { untilMs, work });
}
