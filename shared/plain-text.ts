// Text of others made safe to show: on a terminal, in a log, in a message. Nothing that is shown moves
// a cursor, ends a line that is not its own, or turns the direction of writing.
import { stripVTControlCharacters } from 'node:util';

/** Stands where a character was that is not shown. */
const blot = '·';

/** Controls, marks of direction and joining, line and paragraph separators, halves of characters. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** Lines and tabs stay; sequences that colour are taken away whole. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replace(invisible, (character) =>
    character === '\n' || character === '\t' ? character : blot,
  );
}

/** The same in one line. */
export function plainLine(text: string): string {
  return plainText(text)
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('\t', ' ');
}

/** A short picture in quotes, in which nothing but printable ASCII is left as it is. */
export function quoted(text: string, longest = 60): string {
  const short = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return JSON.stringify(short).replace(/[^ -~…]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${code}`;
  });
}

const displayed = /[^\p{L}\p{M}\p{N} .,:_+/()@#=*~-]/gu;

/**
 * For texts of a host that are read by people and by nothing else, such as the name of a program:
 * anybody on the host can make one up, so it is made harmless instead of refused.
 */
export function displayText(text: string, longest = 200): string {
  const plain = text
    .slice(0, 4 * longest)
    .replace(/\s+/gu, ' ')
    .replace(displayed, blot);
  return plain.length > longest ? `${plain.slice(0, longest - 1)}…` : plain;
}
