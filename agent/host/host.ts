// The Host port: everything a step may do to the machine. Commands that change the host run in a
// transient unit of their own, so that a killed agent leaves them running and finds them
// again; reads run as plain children.

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** Last 64 KiB. */
  readonly stderr: string;
}

export interface ReadOptions {
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
}

export interface ChangeOptions {
  /**
   * Name of the transient unit: the attempt's own, `muster-<plan>-<step>-<attempt>`, and for a
   * second and third command of it with `_2`, `_3` at the end (no step id has an underscore).
   */
  readonly unit: string;
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Kept in a file that only root reads, and removed when the command has ended. */
  readonly stdin?: string;
  readonly signal?: AbortSignal;
}

export interface FileStat {
  readonly size: number;
  readonly mode: number;
  readonly mtimeMs: number;
  /** Of the path itself: a link is not followed. */
  readonly kind: 'file' | 'directory' | 'link' | 'other';
}

export interface Host {
  /** argv, no shell. A non-zero exit is a result, not an error. @throws AppError timeout, not-found */
  read(argv: readonly string[], options?: ReadOptions): Promise<CommandResult>;
  /**
   * Runs argv in its unit and waits for it. If the unit is there already (the agent was killed), it
   * waits for that one instead of starting a second. @throws AppError exec-failed (with the
   * command and the end of its output in `details`), timeout, outcome-unknown
   */
  change(argv: readonly string[], options: ChangeOptions): Promise<CommandResult>;
  /** Stops and forgets the transient units of attempts, once their outcomes are journalled. */
  forgetUnits(prefixes: readonly string[]): Promise<void>;
  /** Null when there is no such file. */
  readFile(path: string): Promise<string | null>;
  /** The bytes of a file, piece by piece. @throws AppError not-found */
  readChunks(path: string): AsyncIterable<Uint8Array>;
  stat(path: string): Promise<FileStat | null>;
  /** Names in a directory, sorted; none when there is no such directory. */
  list(path: string): Promise<readonly string[]>;
  /**
   * Temp file, fsync, rename, fsync of the directory. Directories are made: 0755, or 0700 for a file
   * that only its owner may read.
   */
  writeFile(path: string, content: string | Uint8Array, mode: number): Promise<void>;
  /** The same from pieces, for a file that is too large to be held: whole or not at all. */
  writeChunks(path: string, chunks: AsyncIterable<Uint8Array>, mode: number): Promise<void>;
  /** Puts a file of the machine, for example an artifact, in its place atomically and durably. */
  installFile(from: string, to: string, mode: number): Promise<void>;
  /** A file, a link or a whole directory; nothing when it is not there. */
  remove(path: string): Promise<void>;
  /** Lower-case hex; null when there is no such file. */
  sha256(path: string): Promise<string | null>;
}
