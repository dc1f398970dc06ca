// Takes secrets out of text before it is journalled, logged or reported: keys, tokens, passwords and
// whatever stands where one is named. What is public stays readable: digests, ids, certificates, paths.
//
// INVARIANT: linear in the length of the text, whatever is in it. No pattern can begin again inside
// what another try of it has read, and what is between two words of a pattern is bounded.

type Redaction = readonly [pattern: RegExp, replacement: string | ((...found: string[]) => string)];

/** What is secret by its own form. */
const forms: readonly Redaction[] = [
  // The end may be cut off, also inside JSON, where a line ends with \n.
  [
    /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
    '[private key]',
  ],
  // So may the beginning, where only the end of an output was kept.
  [/^[A-Za-z0-9+/=\s\\]*-----END [A-Z ]{0,30}PRIVATE KEY-----/g, '[private key]'],
  // The same in base64, as kubeconfigs and Secrets hold it; a certificate begins alike and stays.
  [/(?<![A-Za-z0-9+/])LS0tLS1CRUdJTi[A-Za-z0-9+/]+={0,2}/g, (found) => encodedPem(found)],
  [/AGE-SECRET-KEY-1[A-Z0-9]+/g, '[private key]'],
  [/\bmt[a-z0-9]{8,}\.[A-Za-z0-9_-]{20,}(\.[A-Za-z0-9_.-]+)?/g, '[join token]'],
  [/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, '[bootstrap token]'],
  // A JSON Web Token: two parts of base64url JSON and a signature.
  [/(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)?/g, '[token]'],
];

/** A quotation mark as it is, or as it is inside JSON inside JSON. */
const mark = String.raw`\\{0,3}["']`;
const gap = String.raw`[ \t]{0,10}`;
const named =
  'authorization|token|password|passwd|passphrase|secret|credential|client-key-data|private[_-]?key|api[_-]?key|access[_-]?key';
/** Up to the mark it began with, or up to what ends a word where it has none. */
const value = String.raw`(?:\\{1,3}"[^"]*"?|"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|[^\s"'\\,;&)\]}]+)`;
const scheme = String.raw`(?:(?:basic|bearer|digest|negotiate)[ \t]+)?`;

/** What is secret by what it is called. */
const places: readonly Redaction[] = [
  // A scheme and what it proves, wherever it is said, but not talk of bearer tokens and basic auth.
  [/\b(bearer)[ \t]{1,10}(?!tokens?\b|auth|cred)[^\s"'\\,;]+/gi, '$1 [redacted]'],
  [/\b(basic)[ \t]{1,10}(?=[A-Za-z+/]*[\d=])[A-Za-z0-9+/]{8,}={0,2}/gi, '$1 [redacted]'],
  // authorization: Basic …, "token": "…", password=…, PGPASSWORD='…', client-key-data: …
  [
    new RegExp(
      `(${named})((?:${mark})?${gap}[:=]${gap})(?!(?:null|true|false|""|'')(?:[\\s,;}]|$))(?:${scheme}${value})`,
      'gi',
    ),
    '$1$2[redacted]',
  ],
  [
    /(--?[a-z-]{0,30}(?:token|password|passphrase|secret))[ \t]{1,10}(?!-)[^\s"']+/gi,
    '$1 [redacted]',
  ],
  // Who calls, in a URL, and what a URL is signed with.
  [/:\/\/[^\s/?#@"'\\]{1,512}@/g, '://[redacted]@'],
  [
    /([?&](?:[A-Za-z-]{0,30}(?:signature|credential)|sig|[A-Za-z_-]{0,30}token|code)=)[^&\s"'#\\]+/gi,
    '$1[redacted]',
  ],
];

export function redact(text: string): string {
  return [...forms, ...places].reduce(
    (result, [pattern, replacement]) =>
      typeof replacement === 'string'
        ? result.replace(pattern, replacement)
        : result.replace(pattern, replacement),
    text,
  );
}

/** Enough to read what the first line says. */
function encodedPem(found: string): string {
  const head = Buffer.from(found.slice(0, 80), 'base64').toString('latin1');
  return head.includes('PRIVATE KEY') ? '[private key]' : found;
}
