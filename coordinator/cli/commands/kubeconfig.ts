// `coordinator kubeconfig`: the key is made here and stays here; the cluster signs a request for it.
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatAge } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import { askServers } from '../answering-server.ts';
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withPatience } from '../connection.ts';
import { parseDuration } from '../duration.ts';

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
  const { contextsOf, createUserKey, renderKubeconfig } = await import('../user-kubeconfig.ts');
  const { keyPem, csrPem } = await createUserKey(user);
  const untilMs = io.clock.boot() + timeoutMs;
  const work = async (call: Call) => {
    const request = { csrPem, user, ttlSeconds: Math.floor(ttlMs / 1000) };
    return await signedReply(call, request, { io, timeoutMs, untilMs });
  };
  const signed = await withPatience(options, io, { untilMs, work });
  const asked = await askServers(signed.servers, signed.caPem);
  const current = asked.find(({ answers }) => answers)?.server ?? null;
  const text = renderKubeconfig({ ...signed, user, keyPem, current });
  if (options.output === undefined) {
    io.out(text);
  } else {
    await writePrivately(resolve(io.cwd, options.output), text);
    io.out(`${options.output}\n`);
  }
  io.err(`valid for ${formatAge(ttlMs)}\n`);
  for (const line of choices(contextsOf(signed.cluster, signed.servers), current)) io.err(line);
  return undefined;
}

interface Context {
  readonly name: string;
  readonly server: string;
}

/** Which context is the current one, and how to take another when its master is off. */
function choices(contexts: readonly Context[], current: string | null): readonly string[] {
  const [first, second] = contexts;
  if (first === undefined) return [];
  const chosen = contexts.find(({ server }) => server === current) ?? first;
  const others = contexts.filter(({ name }) => name !== chosen.name);
  const seen =
    current === null
      ? `none of ${contexts.map(({ server }) => server).join(', ')} answers from here: the cluster is off, or not reached from this machine`
      : `context ${chosen.name} is ${chosen.server}, which answers`;
  if (second === undefined) return [`${seen}\n`];
  const list = others.map(({ name, server }) => `${name} (${server})`).join(', ');
  return [
    `${seen}\n`,
    `when it does not, switch with: kubectl config use-context ${others[0]?.name ?? ''}; there are: ${list}\n`,
  ];
}

interface Limits {
  readonly io: CliIo;
  readonly timeoutMs: number;
  /** Boot clock. */
  readonly untilMs: number;
}

/** Asks again while the cluster has not answered: the same request, so the same certificate. */
async function signedReply(
  call: Call,
  request: { readonly csrPem: string; readonly user: string; readonly ttlSeconds: number },
  { io, timeoutMs, untilMs }: Limits,
) {
  let said = '';
  for (;;) {
    const reply = await call('Kubeconfig', request);
    if (!reply.pending) return reply;
    if (reply.waitsFor !== said) io.err(`waits for ${reply.waitsFor}\n`);
    said = reply.waitsFor;
    if (io.clock.boot() < untilMs) continue;
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
