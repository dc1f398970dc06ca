// The KubeApi port in memory, without a network: servers by their URL, each up or down. It passes the
// contract suite of the real one.
import { parse } from 'yaml';
import type { KubeAnswer, KubeApi, OpenKubeApi } from '../../agent/host/kube-api.ts';
import { AppError } from '../../shared/errors.ts';
import { untilAborted } from '../../shared/until-aborted.ts';
import { KubeObjects } from './kube-objects.ts';

export class FakeKube {
  /** By `https://HOST:PORT`. One that is not here does not answer. */
  readonly servers = new Map<string, KubeObjects>();

  /** A server, made when there is none yet. */
  at(url: string): KubeObjects {
    const server = this.servers.get(url) ?? new KubeObjects();
    this.servers.set(url, server);
    return server;
  }

  readonly open: OpenKubeApi = (credentials, signal): KubeApi => {
    const { server, token } = credentials;
    const request: KubeApi['request'] = async (method, path, options = {}) => {
      signal?.throwIfAborted();
      const url = new URL(path, server);
      const objects = this.servers.get(url.origin);
      if (objects === undefined) {
        throw new AppError('unavailable', `${method} ${url.origin}${url.pathname}: it is away`, {
          retryable: true,
        });
      }
      const { body = null } = options;
      objects.authorizations.push(token === undefined ? '' : `Bearer ${token}`);
      const answering = objects.answer({
        method,
        path: url.pathname,
        query: url.searchParams,
        // As on the wire: nothing of the caller's objects is kept.
        body: typeof body === 'string' ? parse(body) : structuredClone(body),
      });
      const answer = await (signal === undefined ? answering : untilAborted(signal, answering));
      return answerOf(answer.status, answer.body);
    };
    const close = (): void => undefined;
    return { server, request, close, [Symbol.dispose]: close };
  };
}

function answerOf(status: number, body: object | string): KubeAnswer {
  if (typeof body === 'string') return { status, body: null, text: body };
  const text = JSON.stringify(body);
  return { status, body: JSON.parse(text) as unknown, text };
}
