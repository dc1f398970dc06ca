// A terminal that remembers what was written to it.
import type { CommandLineIo } from '../lab/commands/command-line.ts';

export interface TestTerminal extends CommandLineIo {
  told(stream: 'out' | 'err'): string;
}

export function aTerminal(): TestTerminal {
  const texts: Record<'out' | 'err', string[]> = { out: [], err: [] };
  return {
    out: (text) => void texts.out.push(text),
    err: (text) => void texts.err.push(text),
    told: (stream) => texts[stream].join(''),
  };
}
