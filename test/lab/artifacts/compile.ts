// Calls the compiler of a build recipe: Go with the pinned module, read-only, or C for the one
// program that is not Go. All commands of a module are one call, since they share most packages.
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, tryRun } from '../run.ts';
import type { BuildRecipe, Compiler, GoCommand } from './artifact-recipe.ts';

const neededGo = { major: 1, minor: 26 };
const watchMs = 1000;

export interface CompileOptions {
  /** An empty directory that the programs are put into. */
  readonly outputDir: string;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Compiles the programs of a recipe; says when each is there. */
export async function compile(recipe: BuildRecipe, options: CompileOptions): Promise<void> {
  const { compiler } = recipe;
  await mkdir(options.outputDir, { recursive: true });
  if (compiler.kind === 'c') await compileC(compiler, options);
  if (compiler.kind === 'go') await compileGo(compiler, options);
}

/** The pinned sources of a compiler, for the key under which its products are cached. */
export async function readSources(compiler: Compiler): Promise<string> {
  if (compiler.kind === 'none') return '';
  if (compiler.kind === 'c') return readFile(besideThisFile(`images/${compiler.source}`), 'utf8');
  const directory = moduleDirectory(compiler.module);
  const files = ['go.mod', 'go.sum'].map((name) => readFile(join(directory, name), 'utf8'));
  return (await Promise.all(files)).join('');
}

/**
 * Throws one sentence when the machine's Go is missing, or too old for the module and unable to fetch
 * the Go that it asks for, as it does by itself from 1.21 on.
 */
export async function demandGo(module: string): Promise<void> {
  const needed = `Go ${neededGo.major}.${neededGo.minor} or newer`;
  const mend = 'install it and put its bin directory on PATH';
  let text: string;
  try {
    // Where the module is, so that this is the Go that will build it.
    text = await run(['go', 'version'], { cwd: moduleDirectory(module) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`building the lab's artifacts needs ${needed}: ${mend} (${reason})`);
  }
  const [, major = '0', minor = '0'] = /go(\d+)\.(\d+)/.exec(text) ?? [];
  const isEnough =
    Number(major) > neededGo.major ||
    (Number(major) === neededGo.major && Number(minor) >= neededGo.minor);
  if (!isEnough) {
    throw new Error(`building the lab's artifacts needs ${needed}, not ${text.trim()}: ${mend}`);
  }
}

async function compileC(
  compiler: Extract<Compiler, { kind: 'c' }>,
  { outputDir, signal }: CompileOptions,
): Promise<void> {
  const source = besideThisFile(`images/${compiler.source}`);
  const output = join(outputDir, compiler.program);
  // Without a build id and with its name alone the program is the same in every checkout.
  const flags = ['-static', '-O2', '-s', '-Wl,--build-id=none'];
  await run(['gcc', ...flags, '-o', output, source], { signal });
}

async function compileGo(
  compiler: Extract<Compiler, { kind: 'go' }>,
  options: CompileOptions,
): Promise<void> {
  const { outputDir, signal } = options;
  const stopWatching = watchPrograms(options);
  try {
    const result = await tryRun(
      [
        ...['go', 'build', '-trimpath'],
        ...(compiler.tags === '' ? [] : [`-tags=${compiler.tags}`]),
        `-ldflags=${compiler.linkerFlags}`,
        ...['-o', `${outputDir}/`],
        ...compiler.commands.map((command) => command.package),
      ],
      {
        cwd: moduleDirectory(compiler.module),
        extraEnv: {
          CGO_ENABLED: compiler.isCgo ? '1' : '0',
          GOFLAGS: '-mod=readonly -buildvcs=false',
          GOOS: 'linux',
          GOARCH: 'amd64',
          GOWORK: 'off',
        },
        signal,
      },
    );
    if (result.exitCode !== 0) {
      throw new Error(`go build of ${compiler.module} failed: ${result.stderr.slice(-3000)}`);
    }
  } finally {
    stopWatching();
  }
  for (const command of compiler.commands) {
    const built = join(outputDir, nameByGo(command));
    const wanted = join(outputDir, command.program);
    if (built !== wanted) await rename(built, wanted);
  }
}

/** Go names a program by the last part of its package's path that is not a major version. */
function nameByGo(command: GoCommand): string {
  const parts = command.package.split('/');
  const last = parts.at(-1) ?? '';
  return /^v\d+$/.test(last) ? (parts.at(-2) ?? last) : last;
}

/** A big module compiles for minutes in one call: say which of its programs are there already. */
function watchPrograms({ outputDir, log }: CompileOptions): () => void {
  const started = Date.now();
  const seen = new Set<string>();
  const timer = setInterval(() => {
    readdir(outputDir).then(
      (names) => {
        for (const name of names.filter((one) => !seen.has(one))) {
          seen.add(name);
          log(`  ${name} compiled after ${Math.round((Date.now() - started) / 1000)} s`);
        }
      },
      () => {
        // Only a notice is lost.
      },
    );
  }, watchMs);
  return () => clearInterval(timer);
}

function moduleDirectory(name: string): string {
  return besideThisFile(`modules/${name}`);
}

function besideThisFile(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
