// Compares what was told with the golden files of one room, and rewrites them on demand. A golden
// file that nothing tells any more fails too, so that the rooms hold only what is true.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const isUpdate = process.env['UPDATE_TRANSCRIPTS'] === '1';
const way = 'look at the difference, then run the test again with UPDATE_TRANSCRIPTS=1';

/** @param told golden file, relative to the room, to what tells its text. Makes a test of each. */
export function matchesGolden(room: string, told: ReadonlyMap<string, () => string>): void {
  const folder = join(import.meta.dirname, 'golden', room);
  if (isUpdate) rmSync(folder, { recursive: true, force: true });

  test.each([...told])('%s is told as before', (name, tell) => {
    const file = join(folder, name);
    const text = tell();
    if (isUpdate) write(file, text);
    expect(text, `${room}/${name} is another text now: ${way}`).toBe(readGolden(file));
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

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
