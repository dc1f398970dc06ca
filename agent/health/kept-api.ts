// An HTTPS connection that is kept from one measurement to the next: a handshake for each look would
// cost an API server more than the look. One that fails is thrown away and tried again at once over a
// new one, because the server, or the master behind the local proxy, may be another by now.
import type { Clock } from '../../shared/clock.ts';
import { isAbort } from '../../shared/errors.ts';
import type { KubeAnswer, KubeApi, KubeMethod, OpenKubeApi } from '../host/kube-api.ts';
import type { KubeCredentials } from '../host/kubeconfig.ts';

export interface KeptApi {
  /** Any HTTP status is an answer. @throws AppError unavailable; AbortError */
  request(method: KubeMethod, path: string, call: KeptCall): Promise<KubeAnswer>;
  close(): void;
}

export interface KeptCall {
  readonly credentials: KubeCredentials;
  readonly body?: object;
  /** For all tries together. */
  readonly limitMs: number;
}

export interface KeptApiOptions {
  /** How much of the limit a kept connection may use up. @default all of it */
  readonly firstShare?: number;
  readonly open: OpenKubeApi;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const leastMs = 300;

export function createKeptApi(options: KeptApiOptions): KeptApi {
  const { firstShare = 1, open, clock, signal } = options;
  let kept: { readonly api: KubeApi; readonly key: string } | null = null;
  const drop = (): void => {
    kept?.api.close();
    kept = null;
  };
  signal.addEventListener('abort', drop, { once: true });

  return {
    close: drop,
    async request(method, path, { credentials, body, limitMs }) {
      const endsAt = clock.boot() + limitMs;
      const key = JSON.stringify(credentials);
      if (kept !== null && kept.key !== key) drop();
      const given = body === undefined ? {} : { body };
      if (kept !== null) {
        try {
          const timeoutMs = Math.round(limitMs * firstShare);
          return await kept.api.request(method, path, { ...given, timeoutMs });
        } catch (thrown) {
          drop();
          if (isAbort(thrown)) throw thrown;
          if (endsAt - clock.boot() < leastMs) throw thrown;
        }
      }
      const api = open(credentials, signal);
      const timeoutMs = endsAt - clock.boot();
      try {
        const answer = await api.request(method, path, { ...given, timeoutMs });
        kept = { api, key };
        return answer;
      } catch (thrown) {
        api.close();
        throw thrown;
      }
    },
  };
}
