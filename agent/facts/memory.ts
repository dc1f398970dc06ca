// What one collection leaves for the next: answers that cost a process, and which failures were
// told. It belongs to a Host and is forgotten with it; it never outlives the agent.
import type { Host } from '../host/host.ts';
import { createVersionMemory, type VersionMemory } from './version-memory.ts';

export interface FactsMemory {
  readonly versions: VersionMemory;
  /** Program names by socket inode. */
  readonly socketOwners: Map<string, string>;
  /** What systemd-detect-virt said, by boot. */
  readonly virtualization: Map<string, Promise<string>>;
  /** Failures that are in the log already. */
  readonly told: Set<string>;
}

const memories = new WeakMap<Host, FactsMemory>();

export function memoryOf(host: Host): FactsMemory {
  const known = memories.get(host);
  if (known !== undefined) return known;
  const fresh: FactsMemory = {
    versions: createVersionMemory(),
    socketOwners: new Map(),
    virtualization: new Map(),
    told: new Set(),
  };
  memories.set(host, fresh);
  return fresh;
}

/** The answer under `key`, asked for once even by two probes at a time. A failure is not kept. */
export async function remember(
  answers: Map<string, Promise<string>>,
  key: string,
  { ask }: { readonly ask: () => Promise<string> },
): Promise<string> {
  const known = answers.get(key);
  if (known !== undefined) return await known;
  const asked = ask();
  answers.set(key, asked);
  try {
    return await asked;
  } catch (thrown) {
    answers.delete(key);
    throw thrown;
  }
}
