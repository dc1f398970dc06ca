// A Machine that says what a test tells it. Stamps stay the same until the test changes them.
import type { Machine, Space } from '../../agent/facts/machine.ts';
import type { AddressFact } from '../../shared/model/facts.ts';

export class FakeMachine implements Machine {
  name = 'node-1';
  variables: Record<string, string> = {};
  addresses: readonly AddressFact[] = [];
  readonly spaces = new Map<string, Space>([['/', { path: '/', totalBytes: 100, freeBytes: 50 }]]);
  readonly stamps = new Map<string, string>();
  readonly owners = new Map<string, string>();
  /** The inodes of each walk over the processes. */
  readonly walks: string[][] = [];
  /** Names that the network resolves, beside /etc/hosts. */
  resolvable: readonly string[] = [];
  hasMemory = true;

  hostname(): string {
    return this.name;
  }

  architecture(): string {
    return 'x64';
  }

  uid(): number {
    return 0;
  }

  cpus(): number {
    return 2;
  }

  async memoryBytes(): Promise<number> {
    if (!this.hasMemory) throw new Error('no memory can be read');
    return 2 ** 31;
  }

  interfaces(): readonly AddressFact[] {
    return this.addresses;
  }

  environment(): Readonly<Record<string, string | undefined>> {
    return this.variables;
  }

  async stampOf(path: string): Promise<string> {
    return this.stamps.get(path) ?? 'first';
  }

  async spaceOf(path: string): Promise<Space | null> {
    return this.spaces.get(path) ?? null;
  }

  async resolves(name: string): Promise<boolean> {
    return this.resolvable.includes(name);
  }

  async socketOwners(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    this.walks.push([...inodes]);
    return new Map([...this.owners].filter(([inode]) => inodes.has(inode)));
  }
}
