// The KubeApi port: how steps speak to a cluster. One request, one answer; what a status means is the
// caller's to say.
import { STATUS_CODES } from 'node:http';
import { AppError } from '../../shared/errors.ts';
import type { KubeCredentials } from './kubeconfig.ts';

export interface KubeAnswer {
  readonly status: number;
  /** The parsed JSON; null when the answer is something else. */
  readonly body: unknown;
  readonly text: string;
}

export interface KubeRequestOptions {
  /** Sent as JSON, or as it is when it is a text. */
  readonly body?: object | string;
  /** @default application/json */
  readonly contentType?: string;
  /** @default 10 s */
  readonly timeoutMs?: number;
}

export type KubeMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Connections to one server as one user, for as long as they are of use: `using api = open(…)`. */
export interface KubeApi extends Disposable {
  readonly server: string;
  /** Any HTTP status is an answer. @throws AppError unavailable (mostly retryable); AbortError */
  request(method: KubeMethod, path: string, options?: KubeRequestOptions): Promise<KubeAnswer>;
  close(): void;
}

/** `signal` ends all requests of what is opened. */
export type OpenKubeApi = (credentials: KubeCredentials, signal?: AbortSignal) => KubeApi;

/** An answer that is not the one wanted, as a failure. @param what for example "apply DaemonSet flannel" */
export function unwantedAnswer(what: string, answer: KubeAnswer): AppError {
  const { status, body, text } = answer;
  const said =
    typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : text;
  const message = `${what}: the API server answers ${status} ${STATUS_CODES[status] ?? ''}: ${said.trim().slice(0, 500)}`;
  if (status === 401) return new AppError('unauthenticated', message);
  // Rights follow their binding a moment later.
  if (status === 403) return new AppError('permission-denied', message, { retryable: true });
  if (status === 404) return new AppError('not-found', message, { retryable: true });
  if (status === 409) return new AppError('conflict', message, { retryable: true });
  if (status === 429 || status >= 500) {
    return new AppError('unavailable', message, { retryable: true });
  }
  return new AppError('invalid', message);
}
