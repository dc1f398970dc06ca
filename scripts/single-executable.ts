// A bundle and a stripped copy of this very Node as one file: Node makes the blob, postject puts it in.
import { execFile } from 'node:child_process';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Writes the program to `target`, with files of its own name beside it while it works. */
export async function makeSingleExecutable(
  bundle: string,
  target: string,
  say: (line: string) => void,
): Promise<void> {
  const blob = `${target}.blob`;
  const config = `${target}.sea.json`;
  // Without execArgvExtension none the binary would obey NODE_OPTIONS of whoever starts it.
  const settings = {
    main: bundle,
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache: false,
    execArgvExtension: 'none',
  };
  await writeFile(config, JSON.stringify(settings));
  await run(process.execPath, ['--experimental-sea-config', config]);
  await copyFile(process.execPath, target);
  await stripSymbols(target, say);
  // In a process of its own: it talks about things nobody can act on.
  const postject = createRequire(import.meta.url).resolve('postject/dist/cli.js');
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
  await run(process.execPath, [postject, target, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse]);
  await rm(blob);
  await rm(config);
}

/** Before the injection: afterwards strip would drop what was injected. */
async function stripSymbols(target: string, say: (line: string) => void): Promise<void> {
  try {
    await run('strip', [target]);
  } catch {
    say('strip (binutils) is not there: the binary keeps its symbols and is larger');
  }
}
