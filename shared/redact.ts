// Takes secrets out of text before it is journalled, logged or reported: private keys, join tokens,
// bootstrap tokens and bearer values.

const patterns: readonly [RegExp, string][] = [
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    '[private key]',
  ],
  [/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, '[bootstrap token]'],
  [/\bmt[a-z0-9]{8,}\.[A-Za-z0-9_-]{20,}(\.[A-Za-z0-9_.-]+)?/g, '[join token]'],
  [/\b(bearer|token:|password:|client-key-data:)\s+\S+/gi, '$1 [redacted]'],
];

export function redact(text: string): string {
  return patterns.reduce(
    (result, [pattern, replacement]) => result.replace(pattern, replacement),
    text,
  );
}
