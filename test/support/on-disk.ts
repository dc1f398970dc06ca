// The machine's own disk and chance, for tests of the agent's state on real files.
import { nodeDisk } from '../../agent/host/node-disk.ts';
import type { IdentityFolder } from '../../agent/identity/identity-folder.ts';
import { systemRandom } from '../../shared/random.ts';

export const onDisk = { disk: nodeDisk, random: systemRandom } as const;

export const folderOf = (directory: string): IdentityFolder => ({ disk: nodeDisk, directory });
