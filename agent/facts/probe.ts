// A probe answers one fact or throws; `attempt` turns the throw into 'unknown', so that one unreadable
// file never costs the others. Each failure is told once, at debug: facts are collected every minute.
import type { Clock } from '../../shared/clock.ts';
import { isAbort } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Known } from '../../shared/model/facts.ts';
import type { Host } from '../host/host.ts';
import type { Machine } from './machine.ts';
import type { FactsMemory } from './memory.ts';

export interface ProbeSources {
  readonly host: Host;
  readonly machine: Machine;
  readonly memory: FactsMemory;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Longest that a collection waits for a program. */
export const probeTimeoutMs = 5_000;

export async function attempt<T>(
  sources: ProbeSources,
  fact: string,
  probe: (sources: ProbeSources) => T | Promise<T>,
): Promise<Known<T>> {
  try {
    return await probe(sources);
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    tellOnce(sources, fact, thrown);
    return 'unknown';
  }
}

export function tellOnce(sources: ProbeSources, fact: string, thrown: unknown): void {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const key = `${fact}: ${why}`;
  if (sources.memory.told.has(key)) return;
  sources.memory.told.add(key);
  sources.log.debug({ fact, why }, 'a fact is unknown');
}

/** The trimmed text of a file that has to be there. */
export async function readRequired(host: Host, path: string): Promise<string> {
  const text = await host.readFile(path);
  if (text === null) throw new Error(`there is no ${path}`);
  return text.trim();
}

/** Null also when the file may not be read: for evidence that is nice to have. */
export async function readOptional(host: Host, path: string): Promise<string | null> {
  return await host.readFile(path).catch(() => null);
}
