// Gives back what a plan's work took. V8 keeps a grown heap for work to come; an agent that waits for
// weeks after a busy minute has none. Collects once, when nothing is under way.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export function returnMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
