// Reads the subject of a PKCS #10 request, strictly: what this does not understand is refused, because a
// cluster signs whatever the request says. DER in, attributes out; pure.
import { AppError } from '../../shared/errors.ts';

export interface SubjectAttribute {
  /** Dotted, for example 2.5.4.3. */
  readonly oid: string;
  readonly value: string;
}

export const COMMON_NAME = '2.5.4.3';
export const ORGANIZATION = '2.5.4.10';

const limit = 8192;
const tags = { sequence: 0x30, set: 0x31, integer: 0x02, oid: 0x06 };
/** UTF8String, PrintableString, IA5String. */
const textTags = [0x0c, 0x13, 0x16];

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly rest: Uint8Array;
}

/** The DER of exactly one request in PEM. @throws AppError invalid */
export function derOfRequest(pem: string): Uint8Array {
  const form =
    /^\s*-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----\s*$/;
  const body = pem.length > limit ? undefined : form.exec(pem)?.[1];
  if (body === undefined) throw malformed('it is not one CERTIFICATE REQUEST in PEM');
  return Buffer.from(body, 'base64');
}

export function pemOfRequest(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}

/** Every attribute of the subject, in order. @throws AppError invalid */
export function subjectOfRequest(der: Uint8Array): readonly SubjectAttribute[] {
  const request = only(der, tags.sequence);
  const info = take(request, tags.sequence).content;
  const version = take(info, tags.integer);
  const subject = take(version.rest, tags.sequence);
  return all(subject.content, tags.set).flatMap((set) =>
    all(set, tags.sequence).map((attribute) => {
      const type = take(attribute, tags.oid);
      const value = element(type.rest);
      if (value.rest.length > 0) throw malformed('an attribute of its subject has two values');
      if (!textTags.includes(value.tag)) throw malformed('an attribute of its subject is no text');
      return { oid: dotted(type.content), value: textOf(value.content) };
    }),
  );
}

function textOf(content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw malformed('a text of its subject is not UTF-8');
  }
}

function all(content: Uint8Array, tag: number): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let left = content; left.length > 0; ) {
    const next = take(left, tag);
    found.push(next.content);
    left = next.rest;
  }
  return found;
}

function only(bytes: Uint8Array, tag: number): Uint8Array {
  const { content, rest } = take(bytes, tag);
  if (rest.length > 0) throw malformed('something follows it');
  return content;
}

function take(bytes: Uint8Array, tag: number): Element {
  const next = element(bytes);
  if (next.tag !== tag) throw malformed(`tag ${next.tag} stands where ${tag} has to`);
  return next;
}

/** Definite lengths only, of at most two bytes more, in their shortest form. */
function element(bytes: Uint8Array): Element {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) throw malformed('it ends too early');
  if ((tag & 0x1f) === 0x1f) throw malformed('it has a tag of several bytes');
  const extra = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || extra > 2) throw malformed('it has a length we do not read');
  const digits = bytes.subarray(2, 2 + extra);
  const length = extra === 0 ? first : digits.reduce((sum, digit) => sum * 256 + digit, 0);
  const start = 2 + extra;
  if (digits.length < extra || bytes.length < start + length) throw malformed('it ends too early');
  if (extra > 0 && length < (extra === 1 ? 0x80 : 0x100)) {
    throw malformed('a length is longer than it needs to be');
  }
  return {
    tag,
    content: bytes.subarray(start, start + length),
    rest: bytes.subarray(start + length),
  };
}

function dotted(content: Uint8Array): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    numbers.push(value);
    value = 0;
  }
  const [head = 0, ...rest] = numbers;
  const first = Math.min(Math.floor(head / 40), 2);
  return [first, head - first * 40, ...rest].join('.');
}

function malformed(why: string): AppError {
  return new AppError('invalid', `the certificate request is refused: ${why}`);
}
