// Reads what an API server's /readyz answers when it is not ready.

/** Of the list of checks that an API server answers only those that fail. */
export function failedChecks(text: string): string {
  const failed = text.split('\n').filter((line) => line.startsWith('[-]'));
  return (failed.length > 0 ? failed.join(', ') : text.trim()).slice(0, 300);
}
