// `node test/lab/make-ready.ts`: what real hosts take and what is minutes of work on a new machine:
// packages of the system, artifacts, programs, the disks that hosts begin with. One after the other, so
// that nobody who boots hosts later installs or compiles beside somebody who does the same.
import { buildArtifacts } from './artifacts/artifacts.ts';
import { kubernetesReleases } from './artifacts/kubernetes-releases.ts';
import { buildBinaries } from './fleet/binaries.ts';
import { buildGuestImage } from './guest/guest-image.ts';
import { buildRootfs } from './host/rootfs.ts';
import { ensureSystemPackages, hostPackages } from './machine/system-packages.ts';

const log = (line: string): void => console.log(line);

await ensureSystemPackages({ packages: hostPackages, log });
for (const { version } of kubernetesReleases) {
  const built = await buildArtifacts({ kubernetes: version, log });
  log(`${built.index.length} artifacts in ${built.directory}`);
}
const { agent, coordinator } = await buildBinaries(log);
const disks = [await buildRootfs({ log })];
if (process.arch === 'x64') disks.push((await buildGuestImage({ log })).disk);
for (const path of [agent, coordinator, ...disks]) log(path);
