// Compares what was told with the golden files of one room, and rewrites them on demand. A golden
// file that nothing tells any more fails too, so that the rooms hold only what is true.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const isUpdate = process.env['UPDATE_TRANSCRIPTS'] === '1';
const way = 'look at the difference, then run the test again with UPDATE_TRANSCRIPTS=1';

/** @param told golden file, relative to the room, to its text. Makes a test of each. */
export function matchesGolden(room: string, told: ReadonlyMap<string, string>): void {
  const folder = join(import.meta.dirname, 'golden', room);
  if (isUpdate) rewrite(folder, told);

  test.each([...told.keys()])('%s is told as before', (name) => {
    expect(told.get(name), `${room}/${name} is another text now: ${way}`).toBe(
      readGolden(join(folder, name)),
    );
  });

  test(`no golden file of ${room} is left over`, () => {
    const kept = globSync('**/*', { cwd: folder, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const wanted = new Set([...told.keys()].map((name) => join(folder, name)));
    expect(
      kept.filter((file) => !wanted.has(file)),
      `nothing tells these any more: ${way}`,
    ).toEqual([]);
  });
}

function readGolden(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}

function rewrite(folder: string, told: ReadonlyMap<string, string>): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, text] of told) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
