// Text that a hostile host or a careless operator might send, and every place of a document where it
// could stand. Each text carries a word that is nowhere else, so that it can be looked for.
import fc from 'fast-check';

/** In every hostile text, and in nothing else. */
export const MARK = 'PWNED';

const tails = [
  `\nExecStartPre=/bin/sh -c ${MARK}`,
  `%\nExecStartPre=/bin/${MARK}`,
  `%n%i${MARK}`,
  `"; } server { listen 0.0.0.0:1; ${MARK} "`,
  `'${MARK}'`,
  `;${MARK}`,
  `$(${MARK})`,
  `\`${MARK}\``,
  `{{ ${MARK} }}`,
  `\u0000${MARK}`,
  `\u001b[2J\u001b]0;${MARK}\u0007`,
  `\r${MARK}`,
  `\u009b31m${MARK}`,
  `\u202e${MARK}\u2066`,
  `\u2028${MARK}`,
  `|${MARK}&<${MARK}>`,
  `, --${MARK}=\\`,
  `\t${MARK}: true\n- ${MARK}`,
  `${'漢'.repeat(40)}${MARK}|`,
  `|${MARK}${'a'.repeat(70_000)}`,
];

/** What comes after the text that belongs there, or stands alone. */
export const hostileTail = fc.constantFrom(...tails);

/** A text with `original` in front, which a check of the beginning alone would let through. */
export const hostileText = (original: string): fc.Arbitrary<string> =>
  fc.oneof(
    hostileTail.map((tail) => `${original}${tail}`),
    hostileTail,
    fc
      .tuple(hostileTail, fc.string({ unit: 'binary', maxLength: 40 }))
      .map(([tail, noise]) => `${original}${noise}${tail}${noise}`),
  );

export type Path = readonly (string | number)[];

/** Where the text stands: as the value at `path`, or as the name of that field. */
export interface Place {
  readonly path: Path;
  readonly as: 'value' | 'key';
  readonly original: string;
}

/** Every text of a document; names of fields too where `isTable` says that they are data. */
export function textPlaces(
  document: unknown,
  isTable: (path: Path) => boolean,
  path: Path = [],
): readonly Place[] {
  if (typeof document === 'string') return [{ path, as: 'value', original: document }];
  if (document === null || typeof document !== 'object') return [];
  const names = Array.isArray(document) ? [] : Object.keys(document);
  const keys: readonly Place[] = isTable(path)
    ? names.map((name) => ({ path: [...path, name], as: 'key', original: name }))
    : [];
  const inner = Object.entries(document).flatMap(([name, value]) =>
    textPlaces(value, isTable, [...path, Array.isArray(document) ? Number(name) : name]),
  );
  return [...keys, ...inner];
}

/** A copy of the document with `text` in that place. */
export function withText<T>(document: T, place: Place, text: string): T {
  const copy = structuredClone(document);
  let parent = copy as Record<string | number, unknown>;
  for (const part of place.path.slice(0, -1)) {
    parent = parent[part] as Record<string | number, unknown>;
  }
  const last = place.path.at(-1) ?? '';
  if (place.as === 'value') {
    parent[last] = text;
  } else {
    parent[text] = parent[last];
    delete parent[last];
  }
  return copy;
}

export const showPlace = ({ path, as }: Place): string =>
  `${path.join('.')}${as === 'key' ? ' (its name)' : ''}`;
