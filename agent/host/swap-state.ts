// Where swap comes from on a host: what is on now, what /etc/fstab turns on, what units turn on. Read
// from files, for the facts and for the step that turns it off.
import type { Host } from './host.ts';
import { unescapeOctal } from './octal-escape.ts';

export interface SwapState {
  readonly devices: readonly string[];
  /** Lines of /etc/fstab, without blanks around them. */
  readonly fstabLines: readonly string[];
  /** Swap units that are not masked. */
  readonly units: readonly string[];
}

const unitDirectories = [
  '/etc/systemd/system',
  '/run/systemd/generator',
  '/run/systemd/generator.late',
  '/run/systemd/generator.early',
];

export async function readSwapState(host: Host): Promise<SwapState> {
  const [swaps, fstab, units] = await Promise.all([
    host.readFile('/proc/swaps'),
    host.readFile('/etc/fstab'),
    readUnits(host),
  ]);
  // A kernel without swap has no such file.
  return {
    devices: devicesIn(swaps ?? ''),
    fstabLines: (fstab ?? '')
      .split('\n')
      .filter(isSwapLine)
      .map((line) => line.trim()),
    units,
  };
}

function devicesIn(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^Filename\s/.test(line));
  return lines.map((line) => unescapeOctal(line.split(/\s+/)[0] ?? ''));
}

/** A line of /etc/fstab that is not a comment and mounts swap. */
export function isSwapLine(line: string): boolean {
  const fields = line.trim().split(/\s+/);
  return !line.trim().startsWith('#') && fields[2] === 'swap';
}

async function readUnits(host: Host): Promise<readonly string[]> {
  const lists = await Promise.all(unitDirectories.map((directory) => host.list(directory)));
  const names = new Set(lists.flat().filter((name) => name.endsWith('.swap')));
  const masked = await Promise.all([...names].map((name) => isMasked(host, name)));
  return [...names].filter((_name, index) => masked[index] === false).sort();
}

/** A masked unit is a link to /dev/null, or an empty file, before all others of its name. */
async function isMasked(host: Host, name: string): Promise<boolean> {
  return (await host.readFile(`/etc/systemd/system/${name}`))?.trim() === '';
}
