// `npm run build [-- --only agent|coordinator]`: the programs as one file each, dist/muster-agent and
// dist/coordinator. Skips what has not changed.
import { parseArgs } from 'node:util';
import { buildProgram } from './build-program.ts';
import { type Program, programs } from './programs.ts';

const say = (line: string): void => console.error(line);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Null: the arguments cannot be meant. */
function chosen(argv: readonly string[]): readonly Program[] | null {
  try {
    const { only } = parseArgs({ args: [...argv], options: { only: { type: 'string' } } }).values;
    if (only === undefined) return Object.values(programs);
    return Object.values(programs).filter(({ name }) => name === only);
  } catch {
    return null;
  }
}

const wanted = chosen(process.argv.slice(2));
if (wanted === null || wanted.length === 0) {
  say('usage: npm run build [-- --only agent|coordinator]');
  process.exitCode = 2;
} else {
  for (const program of wanted) {
    const beganMs = Date.now();
    const { path, made } = await buildProgram(program, say);
    const seconds = ((Date.now() - beganMs) / 1000).toFixed(1);
    if (made === null) say(`${program.name}: unchanged, ${path}`);
    else
      say(
        `${program.name}: ${path}, ${megabytes(made.bytes)} (code ${megabytes(made.codeBytes)}), ${seconds} s`,
      );
  }
}
