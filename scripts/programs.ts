// The programs that are one file each: where they begin, what they are called, what they stay without.

export interface Program {
  readonly name: 'agent' | 'coordinator';
  readonly entry: string;
  /** Name in dist/. */
  readonly output: string;
  /** Packages that must not be in it. */
  readonly without: readonly string[];
}

export const programs: Readonly<Record<Program['name'], Program>> = {
  agent: {
    name: 'agent',
    entry: 'agent/main.ts',
    output: 'muster-agent',
    without: ['zod', 'yaml', 'commander', 'nats', '@peculiar/x509'],
  },
  coordinator: {
    name: 'coordinator',
    entry: 'coordinator/main.ts',
    output: 'coordinator',
    without: ['systeminformation'],
  },
};
