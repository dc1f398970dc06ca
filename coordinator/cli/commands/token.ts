// `coordinator token create|list|extend|revoke`
import { formatAge, formatRest } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Document } from '../../operator/documents.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, withCoordinator } from '../connection.ts';
import { parseCount, parseDuration } from '../duration.ts';
import { formatDocuments, parseFormat } from '../output.ts';
import { fetchDocuments } from './fetch-documents.ts';

export interface TokenFlags extends ConnectionOptions {
  readonly pool: string;
  readonly ttl: string;
  readonly uses?: string;
  readonly nodeName?: string;
  readonly sourceRange?: string;
  readonly standing?: boolean;
}

/** On the wire 0 stands for "by default", so it must never be what was asked for. */
export function tokenRequest(options: TokenFlags) {
  const uses = options.uses === undefined ? null : parseCount(options.uses, '--uses');
  if (uses === 0) throw new AppError('usage', '--uses 0: a token is for at least one host');
  return {
    pool: options.pool,
    ttlSeconds: ttlSecondsOf(options.ttl),
    uses: uses ?? 0,
    nodeName: options.nodeName ?? '',
    sourceRange: options.sourceRange ?? '',
    standing: options.standing === true,
  };
}

function ttlSecondsOf(text: string): number {
  const seconds = Math.floor(parseDuration(text, '--ttl') / 1000);
  if (seconds > 0) return seconds;
  throw new AppError(
    'usage',
    `--ttl ${text}: a token lives more than 0 s; \`token revoke\` ends one at once`,
  );
}

export const describeUse = (
  token: { readonly uses: number; readonly expiresMs: number },
  now: number,
): string =>
  `for ${token.uses} host${token.uses === 1 ? '' : 's'}, usable for ${formatRest(token.expiresMs - now)}`;

export async function createTokenCommand(options: TokenFlags, io: CliIo): Promise<undefined> {
  const request = tokenRequest(options);
  await withCoordinator(options, io, async (call) => {
    const reply = await call('CreateToken', request);
    io.out(`${reply.token}\n`);
    io.err(`token ${reply.id} ${describeUse(reply, io.clock.now())}; it is not shown again\n`);
  });
  return undefined;
}

export async function listTokens(
  options: ConnectionOptions & { readonly output: string },
  io: CliIo,
): Promise<undefined> {
  const format = parseFormat(options.output);
  await withCoordinator(options, io, async (call) => {
    const { documents } = await fetchDocuments<Document>(call, 'tokens');
    io.out(
      formatDocuments(documents, { kind: 'tokens', format, now: io.clock.now(), isSingle: false }),
    );
  });
  return undefined;
}

export async function extendToken(
  options: ConnectionOptions & { readonly id: string; readonly ttl: string },
  io: CliIo,
): Promise<undefined> {
  const ttlSeconds = ttlSecondsOf(options.ttl);
  await withCoordinator(options, io, async (call) => {
    await call('ChangeToken', {
      id: options.id,
      action: 'extend',
      ttlSeconds,
    });
    io.out(`token/${options.id} extended\n`);
    io.err(`usable for ${formatAge(ttlSeconds * 1000)} from now; the secret is the same\n`);
  });
  return undefined;
}

export async function revokeToken(
  options: ConnectionOptions & { readonly id: string },
  io: CliIo,
): Promise<undefined> {
  await withCoordinator(options, io, async (call) => {
    await call('ChangeToken', { id: options.id, action: 'revoke' });
    io.out(`token/${options.id} revoked\n`);
  });
  return undefined;
}
