// `npm run build [-- --only agent|coordinator]`: one file per program. esbuild bundles to CommonJS,
// Node makes the blob, postject puts it into a stripped copy of this very Node. Skips what has not
// changed. Writes dist/muster-agent, dist/coordinator and beside each a .build.json with its inputs.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Metafile } from 'esbuild';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

interface Program {
  readonly name: 'agent' | 'coordinator';
  readonly entry: string;
  readonly output: string;
  /** Packages that must not be in it. */
  readonly without: readonly string[];
}

const programs: readonly Program[] = [
  {
    name: 'agent',
    entry: 'agent/main.ts',
    output: 'muster-agent',
    without: ['zod', 'yaml', 'commander', 'nats', '@peculiar/x509'],
  },
  {
    name: 'coordinator',
    entry: 'coordinator/main.ts',
    output: 'coordinator',
    without: ['systeminformation'],
  },
];

interface Stamp {
  readonly inputs: string;
  readonly bytes: number;
}

async function main(argv: readonly string[]): Promise<number> {
  const only = argv[0] === '--only' ? argv[1] : undefined;
  const chosen = programs.filter((program) => only === undefined || program.name === only);
  if (chosen.length === 0) {
    console.error('usage: npm run build [-- --only agent|coordinator]');
    return 2;
  }
  await mkdir(dist, { recursive: true });
  for (const program of chosen) {
    if (!(await exists(join(root, program.entry)))) {
      console.error(`${program.name}: ${program.entry} is not there, not built`);
      if (only !== undefined) return 1;
      continue;
    }
    await buildProgram(program);
  }
  return 0;
}

async function buildProgram(program: Program): Promise<void> {
  const began = process.hrtime.bigint();
  const output = join(dist, program.output);
  const bundle = join(dist, `${program.output}.cjs`);
  const { code, metafile } = await bundled(program);
  refuseForbidden(program, metafile);
  const inputs = createHash('sha256')
    .update(code)
    .update(await nodeDigest())
    .digest('hex');
  const stamp = await readStamp(`${output}.build.json`);
  const present = await stat(output).catch(() => null);
  if (stamp?.inputs === inputs && present?.size === stamp.bytes) {
    console.error(`${program.name}: unchanged, ${output}`);
    return;
  }
  await writeFile(bundle, code);
  await injectInto(`${output}.new`, bundle);
  await rename(`${output}.new`, output);
  const { size } = await stat(output);
  await writeFile(
    `${output}.build.json`,
    `${JSON.stringify({ inputs, bytes: size } satisfies Stamp)}\n`,
  );
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  console.error(
    `${program.name}: ${output}, ${megabytes(size)} (code ${megabytes(code.length)}), ${seconds.toFixed(1)} s`,
  );
}

async function bundled(program: Program): Promise<{ code: Uint8Array; metafile: Metafile }> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [program.entry],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    write: false,
    outfile: `dist/${program.output}.cjs`,
    metafile: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    loader: { '.html': 'text', '.css': 'text' },
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error(`esbuild gave no output for ${program.entry}`);
  return { code: file.contents, metafile: result.metafile };
}

/** What the small program has to stay without. */
function refuseForbidden(program: Program, metafile: Metafile): void {
  const inputs = Object.keys(metafile.inputs);
  const found = program.without.filter((name) =>
    inputs.some((input) => input.includes(`node_modules/${name}/`)),
  );
  if (found.length > 0) throw new Error(`${program.name} must not contain ${found.join(', ')}`);
}

async function injectInto(target: string, bundle: string): Promise<void> {
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
  await stripSymbols(target);
  // In a process of its own: it talks about things nobody can act on.
  const postject = createRequire(import.meta.url).resolve('postject/dist/cli.js');
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
  await run(process.execPath, [postject, target, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse]);
  await rm(blob);
  await rm(config);
}

/** Before the injection: afterwards strip would drop what was injected. */
async function stripSymbols(target: string): Promise<void> {
  try {
    await run('strip', [target]);
  } catch {
    console.error('strip (binutils) is not there: the binary keeps its symbols and is larger');
  }
}

async function nodeDigest(): Promise<string> {
  const { size, mtimeMs } = await stat(process.execPath);
  return `${process.version} ${process.arch} ${size} ${mtimeMs}`;
}

async function readStamp(path: string): Promise<Stamp | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Stamp;
  } catch {
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

process.exitCode = await main(process.argv.slice(2));
