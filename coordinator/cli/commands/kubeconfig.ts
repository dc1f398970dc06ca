// `coordinator kubeconfig`: the key is made here and stays here; the cluster signs a request for it.
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withCoordinator } from '../connection.ts';
import { formatAge, parseDuration } from '../duration.ts';

interface KubeconfigOptions extends ConnectionOptions {
  readonly output?: string;
  readonly user?: string;
  readonly ttl: string;
  readonly timeout: string;
}

export async function kubeconfig(options: KubeconfigOptions, io: CliIo): Promise<undefined> {
  const user = options.user ?? io.env['USER'] ?? 'admin';
  const ttlMs = parseDuration(options.ttl, '--ttl');
  const timeoutMs = parseDuration(options.timeout, '--timeout');
  const { createUserKey, renderKubeconfig } = await import('../user-kubeconfig.ts');
  const { keyPem, csrPem } = await createUserKey(user);
  await withCoordinator(options, io, async (call) => {
    const request = { csrPem, user, ttlSeconds: Math.floor(ttlMs / 1000) };
    const signed = await signedReply(call, request, { io, timeoutMs });
    const text = renderKubeconfig({ ...signed, user, keyPem });
    if (options.output === undefined) {
      io.out(text);
    } else {
      await writePrivately(resolve(io.cwd, options.output), text);
      io.out(`${options.output}\n`);
    }
    io.err(`valid for ${formatAge(ttlMs)}; servers: ${signed.servers.join(', ')}\n`);
  });
  return undefined;
}

interface Limits {
  readonly io: CliIo;
  readonly timeoutMs: number;
}

/** Asks again while the cluster has not answered: the same request, so the same certificate. */
async function signedReply(
  call: Call,
  request: { readonly csrPem: string; readonly user: string; readonly ttlSeconds: number },
  { io, timeoutMs }: Limits,
) {
  const until = io.clock.boot() + timeoutMs;
  let said = '';
  for (;;) {
    const reply = await call('Kubeconfig', request);
    if (!reply.pending) return reply;
    if (reply.waitsFor !== said) io.err(`waits for ${reply.waitsFor}\n`);
    said = reply.waitsFor;
    if (io.clock.boot() < until) continue;
    throw new AppError(
      'timeout',
      `the cluster did not sign within ${formatAge(timeoutMs)}: waits for ${said}`,
    );
  }
}

/** Never readable by others, not even for a moment; whole or not at all. */
async function writePrivately(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  let file: FileHandle;
  try {
    file = await open(temporary, 'wx', 0o600);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('usage', `${path} cannot be written: ${reason}`, { cause });
  }
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}
