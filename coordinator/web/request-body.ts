// Whether a request has a body. What nobody reads of one would be taken in all the same, for as long as it
// comes: its connection ends with the answer.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Nothing for a request without a body. Before the answer's head is written. */
export function closeAfterBody({ headers }: IncomingMessage, response: ServerResponse): void {
  if (headers['transfer-encoding'] === undefined && headers['content-length'] === undefined) return;
  response.setHeader('connection', 'close');
}
