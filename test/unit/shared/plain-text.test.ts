import { expect, test } from 'vitest';
import { displayText, plainLine, plainText, quoted } from '../../../shared/plain-text.ts';

test('plain text keeps its lines, tabs and letters, and loses what moves a cursor', () => {
  expect(plainText('a\tb\nç 漢 “x” – 🙂')).toBe('a\tb\nç 漢 “x” – 🙂');
  expect(plainText('\u001b[31mred\u001b[0m and \u001b]0;title\u0007 more')).toBe('red and  more');
  expect(plainText('10%\r20%\u0000\u0008\u009b2J\u202e')).not.toMatch(/[^ -~·]/);
  expect(plainText('a\r\nb')).toBe('a\nb');
});

test('a plain line is one line', () => {
  expect(plainLine('a\n  b\tc\u2028d')).toBe('a b c·d');
});

test('a quoted text is printable ASCII and short', () => {
  expect(quoted('a"b\n\u202e漢')).toBe(String.raw`"a\"b\n\u202e\u6f22"`);
  expect(quoted('x'.repeat(100))).toHaveLength(62);
});

test('a text for display has one line of harmless characters and an end', () => {
  expect(displayText('UUID=1\tnone  swap;$(x)`%{}"')).toBe('UUID=1 none swap··(x)·····');
  expect(displayText('é'.repeat(500))).toHaveLength(200);
  expect(displayText('\u001b[2J')).toBe('··2J');
});
