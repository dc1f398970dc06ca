// A Host in memory: files in a map, commands answered by a script and written down as readable lines.
// It passes the contract suite of the real one.
import { createHash } from 'node:crypto';
import type {
  ChangeOptions,
  CommandResult,
  FileStat,
  Host,
  ReadOptions,
} from '../../agent/host/host.ts';
import { AppError } from '../../shared/errors.ts';

export interface FakeFile {
  readonly content: Buffer;
  readonly mode: number;
  readonly mtimeMs: number;
  readonly kind: FileStat['kind'];
}

export type Reply = Partial<CommandResult> | string;
export type Answer = Reply | ((argv: readonly string[], stdin: string | undefined) => Reply);

export class FakeHost implements Host {
  /** Everything asked of the host but looking at files, in order: `read: …`, `change UNIT: …`, `write PATH 0644`. */
  readonly lines: string[] = [];
  readonly files = new Map<string, FakeFile>();
  /** What the next written file is dated. */
  nowMs = 1_000_000;
  private readonly script: { readonly pattern: string | RegExp; readonly answer: Answer }[] = [];

  /** The newest matching answer counts; a text matches the start of a command. An unknown command is a missing program. */
  answer(pattern: string | RegExp, answer: Answer): this {
    this.script.unshift({ pattern, answer });
    return this;
  }

  put(path: string, content: string | Uint8Array, mode = 0o644): this {
    this.files.set(path, {
      content: Buffer.from(content),
      mode,
      mtimeMs: this.nowMs,
      kind: 'file',
    });
    return this;
  }

  putLink(path: string, target: string): this {
    const content = Buffer.from(target);
    this.files.set(path, { content, mode: 0o777, mtimeMs: this.nowMs, kind: 'link' });
    return this;
  }

  text(path: string): string | null {
    return this.files.get(path)?.content.toString('utf8') ?? null;
  }

  /** The lines of what changed the host: commands, files written and removed. */
  get changes(): readonly string[] {
    return this.lines.filter((line) => !line.startsWith('read: '));
  }

  async read(argv: readonly string[], options: ReadOptions = {}): Promise<CommandResult> {
    options.signal?.throwIfAborted();
    this.lines.push(`read: ${argv.join(' ')}`);
    return this.reply(argv, options.stdin);
  }

  async change(argv: readonly string[], options: ChangeOptions): Promise<CommandResult> {
    options.signal?.throwIfAborted();
    this.lines.push(`change ${options.unit}: ${argv.join(' ')}`);
    const result = this.reply(argv, options.stdin);
    if (result.exitCode === 0) return result;
    const command = argv.join(' ');
    throw new AppError('exec-failed', `\`${command}\` ended with exit code ${result.exitCode}`, {
      retryable: true,
      details: { command, outputTail: result.stderr, exitCode: result.exitCode },
    });
  }

  async forgetUnits(prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) this.lines.push(`forget ${prefix}`);
  }

  async readFile(path: string): Promise<string | null> {
    return this.text(path);
  }

  async *readChunks(path: string): AsyncIterable<Uint8Array> {
    const file = this.files.get(path);
    if (file === undefined) throw new AppError('not-found', `there is no file ${path}`);
    for (let at = 0; at < file.content.length; at += 4096)
      yield file.content.subarray(at, at + 4096);
  }

  async stat(path: string): Promise<FileStat | null> {
    const file = this.files.get(path);
    if (file !== undefined) {
      const { content, mode, mtimeMs, kind } = file;
      return { size: content.length, mode, mtimeMs, kind };
    }
    const isDirectory = [...this.files.keys()].some((name) => name.startsWith(`${path}/`));
    return isDirectory ? { size: 0, mode: 0o755, mtimeMs: this.nowMs, kind: 'directory' } : null;
  }

  async list(path: string): Promise<readonly string[]> {
    const inside = [...this.files.keys()].filter((name) => name.startsWith(`${path}/`));
    const names = inside.map((name) => name.slice(path.length + 1).split('/')[0] ?? '');
    return [...new Set(names)].sort();
  }

  async writeFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
    this.lines.push(`write ${path} ${octal(mode)}`);
    this.put(path, content, mode);
  }

  async writeChunks(path: string, chunks: AsyncIterable<Uint8Array>, mode: number): Promise<void> {
    const pieces: Uint8Array[] = [];
    for await (const chunk of chunks) pieces.push(chunk);
    this.lines.push(`write ${path} ${octal(mode)}`);
    this.put(path, Buffer.concat(pieces), mode);
  }

  async installFile(from: string, to: string, mode: number): Promise<void> {
    const file = this.files.get(from);
    if (file === undefined) throw new AppError('not-found', `there is no file ${from}`);
    this.lines.push(`install ${from} as ${to} ${octal(mode)}`);
    this.put(to, file.content, mode);
  }

  async remove(path: string): Promise<void> {
    this.lines.push(`remove ${path}`);
    for (const name of [...this.files.keys()]) {
      if (name === path || name.startsWith(`${path}/`)) this.files.delete(name);
    }
  }

  async sha256(path: string): Promise<string | null> {
    const file = this.files.get(path);
    return file === undefined ? null : createHash('sha256').update(file.content).digest('hex');
  }

  private reply(argv: readonly string[], stdin: string | undefined): CommandResult {
    const line = argv.join(' ');
    const entry = this.script.find(({ pattern }) => {
      return typeof pattern === 'string' ? line.startsWith(pattern) : pattern.test(line);
    });
    if (entry === undefined) {
      throw new AppError('not-found', `there is no program ${argv[0]}`, {
        details: { command: line },
      });
    }
    const { answer } = entry;
    const reply = typeof answer === 'function' ? answer(argv, stdin) : answer;
    const given = typeof reply === 'string' ? { stdout: reply } : reply;
    return { exitCode: 0, stdout: '', stderr: '', ...given };
  }
}

const octal = (mode: number): string => `0${mode.toString(8)}`;
