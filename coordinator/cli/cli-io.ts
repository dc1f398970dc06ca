// What a command sees of the process: two streams, a signal, a clock. Tests give it strings.
import type { Clock } from '../../shared/clock.ts';

export interface CliIo {
  /** Data: what scripts read. */
  out(text: string): void;
  /** Everything else. */
  err(text: string): void;
  /** stderr is a terminal: lines may be drawn over. */
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly cwd: string;
}
