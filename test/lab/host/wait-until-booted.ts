// Waits for the systemd of a host that was switched on, whatever the host is made of, and says what it
// showed when it does not come up.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cable } from '../machine/fabric.ts';

export interface Boot {
  readonly cable: Cable;
  /** In systemd's words, or "off". */
  readonly state: () => Promise<string>;
  readonly pollMs: number;
  readonly timeoutMs: number;
  /** Files that hold what the host and whoever runs it wrote. */
  readonly logs: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

const switchOnTimeoutMs = 10_000;
const shownCharacters = 1500;

/** @throws Error with the end of the logs when the host ends, or takes longer than it may */
export async function waitUntilBooted(boot: Boot): Promise<void> {
  const beganMs = Date.now();
  let wasOn = false;
  for (;;) {
    boot.signal?.throwIfAborted();
    const state = await boot.state();
    if (state === 'running' || state === 'degraded') return;
    const waitedMs = Date.now() - beganMs;
    const hasEnded = state === 'off' && (wasOn || waitedMs > switchOnTimeoutMs);
    if (hasEnded || waitedMs > boot.timeoutMs) throw await failureOf(boot, state);
    wasOn ||= state !== 'off';
    await sleep(boot.pollMs);
  }
}

async function failureOf({ cable, logs }: Boot, state: string): Promise<Error> {
  const texts = await Promise.all(logs.map((path) => readFile(path, 'utf8').catch(() => '')));
  const end = texts.join('\n').slice(-shownCharacters);
  return new Error(`host ${cable.host} of lab ${cable.lab} is "${state}", not booted: ${end}`);
}
