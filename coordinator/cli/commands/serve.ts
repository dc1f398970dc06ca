// `coordinator serve`
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { agentUnit } from '../../../deploy/muster-agent-unit.ts';
import { AppError } from '../../../shared/errors.ts';
import { createLogger } from '../../../shared/log.ts';
import type { Architecture } from '../../artifacts/catalogue.ts';
import { parseReleaseBases } from '../../artifacts/release-bases.ts';
import { COORDINATOR_VERSION } from '../../version.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, dataDirOf } from '../connection.ts';
import { parsePort } from '../port.ts';

interface ServeOptions extends ConnectionOptions {
  readonly agentBinary?: readonly string[];
  readonly listen?: string;
  readonly grpcPort?: string;
  readonly httpsPort?: string;
  readonly base?: readonly string[];
  readonly logLevel: string;
}

const levels = ['debug', 'info', 'warn', 'error'];

export async function serveCommand(options: ServeOptions, io: CliIo): Promise<undefined> {
  if (!levels.includes(options.logLevel)) {
    throw new AppError(
      'usage',
      `--log-level ${JSON.stringify(options.logLevel)}: expected one of ${levels.join(', ')}`,
    );
  }
  const agentBinaries: Partial<Record<Architecture, string>> = {};
  for (const given of options.agentBinary ?? []) {
    const path = resolve(io.cwd, given);
    const arch = await architectureOf(path);
    const other = agentBinaries[arch];
    if (other !== undefined) {
      throw new AppError(
        'usage',
        `--agent-binary: ${other} and ${path} are both for ${arch}: one of them`,
      );
    }
    agentBinaries[arch] = path;
  }
  const { serve } = await import('../../serve.ts');
  const running = await serve({
    dataDir: resolve(io.cwd, dataDirOf(options, io)),
    listen: {
      ...(options.listen === undefined ? {} : { host: options.listen }),
      ...(options.grpcPort === undefined
        ? {}
        : { grpcPort: parsePort(options.grpcPort, '--grpc-port') }),
      ...(options.httpsPort === undefined
        ? {}
        : { httpsPort: parsePort(options.httpsPort, '--https-port') }),
    },
    agentBinaries,
    agentUnit: agentUnit,
    releaseBases: parseReleaseBases(options.base ?? []),
    log: createLogger(options.logLevel, { program: 'coordinator', version: COORDINATOR_VERSION }),
    signal: io.signal,
  });
  await stopped(io.signal);
  await running.stop();
  return undefined;
}

async function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** By the machine field of the ELF header. @throws AppError usage */
async function architectureOf(path: string): Promise<Architecture> {
  const header = Buffer.alloc(20);
  try {
    const file = await open(path);
    try {
      await file.read(header, 0, header.length, 0);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('usage', `--agent-binary ${path}: ${reason}`, { cause });
  }
  const machines = new Map<number, Architecture>([
    [0x3e, 'amd64'],
    [0xb7, 'arm64'],
  ]);
  const isElf = header.toString('latin1', 0, 4) === '\u007fELF';
  const arch = isElf ? machines.get(header.readUInt16LE(18)) : undefined;
  if (arch !== undefined) return arch;
  throw new AppError(
    'usage',
    `--agent-binary ${path}: not a program for Linux on x86_64 or aarch64 (npm run build makes dist/muster-agent)`,
  );
}
