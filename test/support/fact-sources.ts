// What a probe is given, over a FakeHost and a FakeMachine.
import type { FactsMemory } from '../../agent/facts/memory.ts';
import { memoryOf } from '../../agent/facts/memory.ts';
import { silentLogger } from '../../shared/log.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeHost } from '../fakes/host.ts';
import { FakeMachine } from '../fakes/machine.ts';

export interface FakeSources {
  readonly host: FakeHost;
  readonly machine: FakeMachine;
  readonly memory: FactsMemory;
  readonly clock: FakeClock;
  readonly log: typeof silentLogger;
}

export function fakeSources(files: Readonly<Record<string, string>> = {}): FakeSources {
  const host = new FakeHost();
  for (const [path, text] of Object.entries(files)) host.put(path, text);
  return {
    host,
    machine: new FakeMachine(),
    memory: memoryOf(host),
    clock: new FakeClock(),
    log: silentLogger,
  };
}
