// Swap that is on, and what would turn it on at the next boot.
import type { SwapFact } from '../../shared/model/facts.ts';
import type { Host } from '../host/host.ts';
import { unescapeOctal } from './mounts.ts';
import type { ProbeSources } from './probe.ts';
import { readOptional } from './probe.ts';

const unitDirectories = ['/run/systemd/generator', '/etc/systemd/system'];

export async function swap({ host }: ProbeSources): Promise<SwapFact> {
  const [swaps, fstab, units] = await Promise.all([
    host.readFile('/proc/swaps'),
    host.readFile('/etc/fstab'),
    Promise.all(unitDirectories.map((directory) => swapUnits(host, directory))),
  ]);
  return {
    // A kernel without swap has no such file.
    devices: parseSwaps(swaps ?? ''),
    fstabLines: parseFstabSwaps(fstab ?? ''),
    units: [...new Set(units.flat())].sort(),
  };
}

export function parseSwaps(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^Filename\s/.test(line));
  return lines.map((line) => unescapeOctal(line.split(/\s+/)[0] ?? ''));
}

/** The lines of fstab that are swap, as they stand there. */
export function parseFstabSwaps(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    return !line.trim().startsWith('#') && fields[2] === 'swap' ? [line.trim()] : [];
  });
}

async function swapUnits(host: Host, directory: string): Promise<readonly string[]> {
  const names = (await host.list(directory)).filter((name) => name.endsWith('.swap'));
  const contents = await Promise.all(
    names.map((name) => readOptional(host, `${directory}/${name}`)),
  );
  // A masked unit is an empty file or a link to /dev/null.
  return names.filter((_, index) => contents[index]?.trim() !== '');
}
