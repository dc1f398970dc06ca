// `coordinator operator add|list|revoke`
import { formatRest } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Document } from '../../operator/documents.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, withCoordinator } from '../connection.ts';
import { parseDuration } from '../duration.ts';
import { formatDocuments, parseFormat } from '../output.ts';
import { fetchDocuments } from './fetch-documents.ts';

interface AddOptions extends ConnectionOptions {
  readonly name: string;
  readonly role: string;
  readonly ttl: string;
  readonly certificateTtl: string;
}

export async function addOperatorCommand(options: AddOptions, io: CliIo): Promise<undefined> {
  const request = {
    name: options.name,
    role: options.role,
    ttlSeconds: secondsOf(options.ttl, '--ttl'),
    certificateTtlSeconds: secondsOf(options.certificateTtl, '--certificate-ttl'),
  };
  await withCoordinator(options, io, async (call) => {
    const reply = await call('AddOperator', request);
    const address = reply.addresses[0] ?? 'ADDRESS';
    const rest = formatRest(reply.expiresMs - io.clock.now());
    io.out(`${reply.token}\n`);
    io.err(
      `login token of ${options.name} (${options.role}), usable once within ${rest}; it is not shown again\n` +
        `on the machine of ${options.name}: coordinator login ${address} --token-file FILE\n`,
    );
  });
  return undefined;
}

/** On the wire 0 stands for "by default", so it must never be what was asked for. */
function secondsOf(text: string, flag: string): number {
  const seconds = Math.floor(parseDuration(text, flag) / 1000);
  if (seconds > 0) return seconds;
  throw new AppError('usage', `${flag} ${text}: more than 0 s is needed`);
}

export async function listOperators(
  options: ConnectionOptions & { readonly output: string },
  io: CliIo,
): Promise<undefined> {
  const format = parseFormat(options.output);
  await withCoordinator(options, io, async (call) => {
    const { documents } = await fetchDocuments<Document>(call, 'operators');
    const shown = { kind: 'operators', format, now: io.clock.now(), isSingle: false } as const;
    io.out(formatDocuments(documents, shown));
    if (documents.length === 0) io.err('no operators: `coordinator operator add NAME` adds one\n');
  });
  return undefined;
}

export async function revokeOperatorCommand(
  options: ConnectionOptions & { readonly name: string },
  io: CliIo,
): Promise<undefined> {
  await withCoordinator(options, io, async (call) => {
    await call('RevokeOperator', { name: options.name });
    io.out(`operator/${options.name} revoked\n`);
    io.err(
      'what it has open ended; join tokens that it made are in `coordinator token list`, a kubeconfig that it got ends by itself\n',
    );
  });
  return undefined;
}
