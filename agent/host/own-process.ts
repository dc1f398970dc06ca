// The agent's own process: what it has in memory, and how it becomes a new one. The new one keeps the
// process id and the unit, so that nobody sees a service end; what it needs is on the disk.
import { readFile } from 'node:fs/promises';
import { isSea } from 'node:sea';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { OwnProcess } from '../memory-watch.ts';

/** Tells the new process when it was begun, in milliseconds of the boot clock. */
const variable = 'MUSTER_AGENT_STARTED_AGAIN_MS';

export function ownProcess(environment: NodeJS.ProcessEnv): OwnProcess {
  const text = environment[variable] ?? '';
  return {
    anonymousBytes: async () => anonymousFrom(await readFile('/proc/self/status', 'utf8')),
    collect: collectEverything,
    startedAgainBootMs: /^\d{1,15}$/.test(text) ? Number(text) : null,
  };
}

/**
 * The last resort is the only kind that gives pages back: after any other V8 keeps them for later. Node
 * gives no door to it but the flag, which is there for new contexts only.
 */
function collectEverything(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as ((how: object) => void) | undefined;
  setFlagsFromString('--no-expose-gc');
  // An agent without it is only larger.
  collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** Bytes. @param text of /proc/PID/status */
export function anonymousFrom(text: string): number {
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(text) ?? [];
  if (kilobytes === undefined) throw new Error('/proc/self/status has no RssAnon');
  return Number(kilobytes) * 1024;
}

/** Everything that has to be kept is on the disk by now: open files and connections go. */
export function becomeNewProcess(nowBootMs: number): never {
  const { execPath, execArgv, argv, env } = process;
  // A single-file program has its own path where the script would be.
  const given = isSea() ? argv.slice(2) : [...execArgv, ...argv.slice(1)];
  const next = { ...env, [variable]: String(Math.round(nowBootMs)) };
  if (process.execve === undefined) throw new Error('this Node cannot become another process');
  return process.execve(execPath, [execPath, ...given], next);
}
