// The last look before a step that others may notice does its first thing to the host: what allowed it
// to begin may have grown old since, while the process stood still. Then it is put off, nothing being
// done, and begins again with everything that it needs.
import type { Host } from '../host/host.ts';

/** Not a failure: the step has done nothing. */
export class PutOff extends Error {
  override readonly name = 'PutOff';
}

/** @param mayAct asked once, right before the first command. */
export function guarded(host: Host, mayAct: () => boolean): Host {
  let hasActed = false;
  return {
    read: (argv, options) => host.read(argv, options),
    forgetUnits: (prefixes) => host.forgetUnits(prefixes),
    readFile: (path) => host.readFile(path),
    readChunks: (path) => host.readChunks(path),
    stat: (path) => host.stat(path),
    list: (path) => host.list(path),
    writeFile: (path, content, mode) => host.writeFile(path, content, mode),
    writeChunks: (path, chunks, mode) => host.writeChunks(path, chunks, mode),
    installFile: (from, to, mode) => host.installFile(from, to, mode),
    remove: (path) => host.remove(path),
    sha256: (path) => host.sha256(path),
    change: async (argv, options) => {
      if (!hasActed && !mayAct()) throw new PutOff('it was allowed too long ago');
      hasActed = true;
      return await host.change(argv, options);
    },
  };
}
