// Makes a fresh clone ready to run: installs the locked packages and puts Node 24 where npm
// scripts find it. Plain JavaScript, because it runs on whatever Node the machine has (>= 20.19).
// The runtime comes from a registry package with the binary inside, so no install script runs.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Of what is locked and of what npm says it has installed, and not the times of files: packages of
// another branch may be younger than this branch's lock file.
const stamp = join(root, 'node_modules/.muster-installed');
const installed = join(root, 'node_modules/.package-lock.json');

if (textOf(stamp) !== digestNow()) {
  process.stderr.write('setup: installing the locked npm packages\n');
  const flags = [
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    // The Node that npm runs on only starts the one that is being installed.
    '--no-engine-strict',
  ];
  if (!(await runNpm(['ci', ...flags]))) {
    process.stderr.write(
      'setup: npm ci failed; see its output above, then run the command again\n',
    );
    process.exit(1);
  }
  // Aside first: a copy of the packages by hard links keeps its own.
  writeFileSync(`${stamp}.new`, digestNow());
  renameSync(`${stamp}.new`, stamp);
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

function digestNow() {
  const hash = createHash('sha256');
  for (const path of [join(root, 'package-lock.json'), installed]) {
    hash.update(`${textOf(path) ?? ''}\0`);
  }
  return hash.digest('hex');
}

/** Null when there is no such file. */
function textOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/**
 * True when it ended well. What npm says about its own Node being too old for a package is left out:
 * nothing of ours runs on that Node, and no flag of npm silences it alone.
 */
async function runNpm(args) {
  const npm = spawn('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [npm.stdout, npm.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (/^npm warn EBADENGINE\b/i.test(stripVTControlCharacters(line))) return;
      process.stderr.write(`${line}\n`);
    });
  }
  try {
    const [code] = await once(npm, 'close');
    return code === 0;
  } catch (error) {
    process.stderr.write(`setup: npm cannot be run: ${error.message}\n`);
    return false;
  }
}
