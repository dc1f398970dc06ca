// cluster.yaml as nobody would write it: whatever the bytes, the answer is a spec or faults that each
// name a place in the file, and it comes soon.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatFault, parseSpec } from '../../coordinator/spec/parse-spec.ts';

const folder = join(import.meta.dirname, '../../examples');
const examples = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));

/** Faults are for people: each is one line that a terminal may show. */
function judge(text: string): 'ok' | 'invalid' {
  const parsed = parseSpec(text);
  if (parsed.kind === 'invalid') {
    expect(parsed.faults.length).toBeGreaterThan(0);
    for (const fault of parsed.faults) {
      expect(fault.line).toBeGreaterThanOrEqual(1);
      expect(fault.column).toBeGreaterThanOrEqual(1);
      expect(formatFault('cluster.yaml', fault)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  }
  return parsed.kind;
}

const pieces = fc.constantFrom(
  '- ',
  ': ',
  '{',
  '}',
  '[',
  '&a ',
  '*a',
  '!!binary ',
  '? ',
  '|\n',
  '---\n',
  '\t',
  '\u0000',
  '\u001b[2J',
  '__proto__: {x: 1}\n',
  '<<: *a\n',
  '1e999',
  '.nan',
  'null',
  '\u2028',
  '9'.repeat(400),
  '../../etc/shadow',
);

/** One change of the text: cut out, doubled, put in or cut off. */
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 80 }),
  kind: fc.constantFrom('cut', 'double', 'insert', 'noise', 'end'),
  piece: pieces,
  noise: fc.string({ unit: 'binary', maxLength: 20 }),
});

function edited(
  text: string,
  { at, length, kind, piece, noise }: typeof edit extends fc.Arbitrary<infer T> ? T : never,
): string {
  const from = Math.floor(at * text.length);
  const [before, middle, after] = [
    text.slice(0, from),
    text.slice(from, from + length),
    text.slice(from + length),
  ];
  switch (kind) {
    case 'cut':
      return before + after;
    case 'double':
      return before + middle + middle + after;
    case 'insert':
      return before + piece + middle + after;
    case 'noise':
      return before + noise + middle + after;
    default:
      return before;
  }
}

test('a spec that was edited by chance is a spec, or its faults are named', () => {
  const seen = { ok: 0, invalid: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom(...examples),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      (example, edits) => {
        seen[judge(edits.reduce(edited, example))] += 1;
      },
    ),
    { numRuns: 1_000 },
  );
  expect(Math.min(seen.ok, seen.invalid)).toBeGreaterThan(0);
});

test('text that is no YAML at all is refused by line and column', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      expect(judge(text)).toBe('invalid');
    }),
    { numRuns: 500 },
  );
});

test('aliases that would grow without end are a fault, not a full memory', () => {
  const rows = Array.from({ length: 30 }, (_, index) =>
    index === 0 ? 'a0: &a0 [x, x]' : `a${index}: &a${index} [*a${index - 1}, *a${index - 1}]`,
  );
  const parsed = parseSpec(`${rows.join('\n')}\n`);
  expect(parsed).toMatchObject({
    faults: [{ message: expect.stringContaining('aliases (*name) that stand for too much') }],
  });
});

test('a file as deep as it is long is a fault, not an end of the program', () => {
  expect(judge('['.repeat(20_000))).toBe('invalid');
  expect(judge(`${'{a: '.repeat(5_000)}1${'}'.repeat(5_000)}`)).toBe('invalid');
});
