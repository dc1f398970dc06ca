// The Host of a real machine: assembled from exec, files and transient units, and nothing more.
import { type Clock, systemClock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { runCommand } from './exec.ts';
import {
  installFile,
  listNames,
  readChunks,
  readFileOrNull,
  removePath,
  sha256OfFile,
  statOrNull,
  writeChunks,
  writeFileAtomically,
} from './files.ts';
import type { Host } from './host.ts';
import { createTransientUnits } from './transient-unit.ts';

export interface NodeHostOptions {
  readonly log: Logger;
  /** @default the system's */
  readonly clock?: Clock;
}

export function createNodeHost(options: NodeHostOptions): Host {
  const { log, clock = systemClock } = options;
  const units = createTransientUnits({ run: runCommand, clock, log });
  return {
    read: runCommand,
    change: units.change,
    forgetUnits: units.forgetUnits,
    readFile: readFileOrNull,
    readChunks,
    stat: statOrNull,
    list: listNames,
    writeFile: writeFileAtomically,
    writeChunks,
    installFile,
    remove: removePath,
    sha256: sha256OfFile,
  };
}
