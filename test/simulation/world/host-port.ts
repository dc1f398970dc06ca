// The Host port of one agent's life on a simulated machine. The machine goes on when the agent dies.
import type { ChangeOptions, CommandResult, Host, ReadOptions } from '../../../agent/host/host.ts';
import { belongsTo, UNIT_DIRECTORY } from '../../../agent/host/transient-unit.ts';
import { sha256Hex } from '../../../shared/canonical.ts';
import { AppError } from '../../../shared/errors.ts';
import { untilAborted } from '../../../shared/until-aborted.ts';
import type { Life } from '../core/life.ts';
import type { Process, SimHost } from './host.ts';

export function hostPort(host: SimHost, life: Life): Host {
  const look = async <T>(see: () => T): Promise<T> => {
    await life.after(host.chance.between(0.1, 2));
    return see();
  };
  const write = async (path: string, change: () => void): Promise<void> => {
    await life.after(host.chance.between(0.5, 6));
    if (host.disk.isFull) {
      throw new AppError('internal', `no space left on device, ${path}`, { retryable: true });
    }
    change();
  };
  return {
    read: (argv, options) => look(() => answer(host, argv, options)),
    change: (argv, options) => change(host, life, { argv, options }),
    forgetUnits: async (prefixes) => {
      await life.after(host.chance.between(2, 30));
      for (const unit of [...host.processes.keys()]) {
        if (!prefixes.some((prefix) => belongsTo(unit, prefix))) continue;
        host.stopProcess(unit);
        host.processes.delete(unit);
      }
    },
    readFile: (path) => look(() => host.files.get(path) ?? null),
    readChunks: async function* (path) {
      yield Buffer.from(await look(() => host.files.get(path) ?? ''));
    },
    stat: (path) =>
      look(() => {
        const content = host.files.get(path);
        if (content === undefined) return null;
        const mode = host.modes.get(path) ?? 0o644;
        return { size: content.length, mode, mtimeMs: host.writtenMs.get(path) ?? 0, kind: 'file' };
      }),
    list: (path) =>
      look(() =>
        path === UNIT_DIRECTORY
          ? [...host.processes.keys()].map((unit) => `${unit}.out`)
          : [...host.files.keys()]
              .filter((name) => name.startsWith(`${path}/`))
              .map((name) => name.slice(path.length + 1).split('/')[0] ?? ''),
      ),
    writeFile: (path, content, mode) =>
      write(path, () => {
        host.put(path, Buffer.from(content).toString('utf8'));
        host.modes.set(path, mode);
      }),
    writeChunks: async (path, chunks, mode) => {
      const pieces: Uint8Array[] = [];
      for await (const chunk of chunks) pieces.push(chunk);
      await write(path, () => {
        host.put(path, Buffer.concat(pieces).toString('latin1'));
        host.modes.set(path, mode);
      });
    },
    installFile: (from, to, mode) =>
      write(to, () => {
        host.put(to, from);
        host.modes.set(to, mode);
      }),
    remove: (path) => write('', () => void host.files.delete(path)),
    sha256: (path) => look(() => sha256OrNull(host.files.get(path))),
  };
}

const sha256OrNull = (content: string | undefined): string | null =>
  content === undefined ? null : sha256Hex(content);

/** `systemctl show` of a unit of ours is all that is asked by command. */
function answer(host: SimHost, argv: readonly string[], _options?: ReadOptions): CommandResult {
  const unit = (argv.at(-1) ?? '').replace(/\.service$/, '');
  const process = host.processes.get(unit);
  return { exitCode: 0, stdout: shown(process), stderr: '' };
}

function shown(process: Process | undefined): string {
  if (process === undefined) return 'LoadState=not-found\nActiveState=inactive\n';
  const { outcome } = process;
  if (outcome === null) return 'LoadState=loaded\nActiveState=activating\nSubState=start\n';
  const state = outcome.exitCode === 0 ? 'active\nSubState=exited' : 'failed\nSubState=failed';
  const result = outcome.exitCode === 0 ? 'success' : 'exit-code';
  return `LoadState=loaded\nActiveState=${state}\nResult=${result}\nExecMainStatus=${outcome.exitCode}\n`;
}

async function change(
  host: SimHost,
  life: Life,
  wanted: { readonly argv: readonly string[]; readonly options: ChangeOptions },
): Promise<CommandResult> {
  const { argv, options } = wanted;
  options.signal?.throwIfAborted();
  // A dead process starts nothing.
  if (!life.isAlive) return await new Promise<never>(() => undefined);
  const process = host.processes.get(options.unit) ?? host.start(argv, options.unit);
  const signal = options.signal ?? new AbortController().signal;
  const over = new AbortController();
  const late = life.clock.sleep(options.timeoutMs, over.signal).then(
    () => {
      host.stopProcess(options.unit);
      throw new AppError('timeout', `${argv.join(' ')} did not end in time`, { retryable: true });
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    const outcome = await untilAborted(signal, Promise.race([life.hears(process.over), late]));
    if (outcome.exitCode === 0) return { ...outcome, stdout: '' };
    throw failed(argv, outcome.exitCode, outcome.stderr);
  } catch (thrown) {
    if (signal.aborted) host.stopProcess(options.unit);
    throw thrown;
  } finally {
    over.abort();
  }
}

function failed(argv: readonly string[], exitCode: number, stderr: string): AppError {
  const command = argv.join(' ');
  if (/token is expired or not found/.test(stderr)) {
    return new AppError('credentials-expired', stderr);
  }
  return new AppError('exec-failed', `\`${command}\` ended with exit code ${exitCode}: ${stderr}`, {
    retryable: true,
    details: { command, outputTail: stderr, exitCode },
  });
}
