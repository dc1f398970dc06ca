// One plain HTTP request, for looking at what runs in a cluster from outside. Never for anything that
// has to be trusted.
import { request } from 'node:http';

const bodyLimit = 64 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

export type HttpGet = (url: string, signal: AbortSignal) => Promise<HttpAnswer>;

/** A new connection each time: a kept one would hide that a new one fails. */
export const httpGet: HttpGet = async (url, signal) => {
  return await new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'GET', signal, agent: false }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (piece: string) => {
        text += piece;
        if (text.length > bodyLimit) incoming.destroy(new Error('the answer is too long'));
      });
      incoming.on('error', reject);
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
};
