// One plain request, for looking at what runs in a cluster from outside. Never for anything that has to be
// trusted, and nothing secret goes with it: of https the certificate is not verified, because the health
// ports of a host have one that they made for themselves.
import { type IncomingMessage, request } from 'node:http';
import { request as httpsRequest } from 'node:https';

const bodyLimit = 64 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

export type HttpGet = (url: string, signal: AbortSignal) => Promise<HttpAnswer>;

/** A new connection each time: a kept one would hide that a new one fails. */
export const httpGet: HttpGet = async (url, signal) => {
  return await new Promise((resolve, reject) => {
    const options = { method: 'GET', signal, agent: false } as const;
    const take = (incoming: IncomingMessage): void => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (piece: string) => {
        text += piece;
        if (text.length > bodyLimit) incoming.destroy(new Error('the answer is too long'));
      });
      incoming.on('error', reject);
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }));
    };
    const outgoing = url.startsWith('https:')
      ? httpsRequest(url, { ...options, rejectUnauthorized: false }, take)
      : request(url, options, take);
    outgoing.on('error', reject);
    outgoing.end();
  });
};
