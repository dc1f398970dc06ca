// Makes a fresh clone ready to run: installs the locked packages and puts Node 24 where npm
// scripts find it. Plain JavaScript, because it runs on whatever Node the machine has (>= 20.19).
// The runtime comes from a registry package with the binary inside, so no install script runs.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installed = join(root, 'node_modules/.package-lock.json');
const lock = join(root, 'package-lock.json');

const isCurrent = existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
if (!isCurrent) {
  process.stderr.write('setup: installing the locked npm packages\n');
  const flags = [
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ];
  const result = spawnSync('npm', ['ci', ...flags], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) {
    process.stderr.write(
      'setup: npm ci failed; see its output above, then run the command again\n',
    );
    process.exit(1);
  }
}

const runtime = `node-linux-${process.arch}`;
const binary = join(root, 'node_modules', runtime, 'bin/node');
if (process.platform !== 'linux' || !existsSync(binary)) {
  process.stderr.write(
    `setup: Muster runs on Linux x64 and arm64; this machine is ${process.platform} ${process.arch}\n`,
  );
  process.exit(1);
}
const link = join(root, 'node_modules/.bin/node');
const target = join('..', runtime, 'bin/node');
const isLinked =
  lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === target;
if (!isLinked) {
  rmSync(link, { force: true });
  symlinkSync(target, link);
}
