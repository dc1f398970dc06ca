// Who a process is: its pid together with the moment it started, because pids are used again.
// Nothing in the lab may signal a process on its pid alone.
import { readFile } from 'node:fs/promises';
import { isMissing } from './exists.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after the machine's boot, as the kernel counts them. */
  readonly startTicks: string;
}

/** Reads the identity of a process; undefined when it is gone. */
export async function readProcessIdentity(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startTicks = fields[19];
    if (startTicks === undefined || fields[0] === 'Z') return undefined;
    return { pid, startTicks };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** True while exactly that process lives. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await readProcessIdentity(identity.pid);
  return now?.startTicks === identity.startTicks;
}
