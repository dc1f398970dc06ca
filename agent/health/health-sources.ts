// What the probes of a host's health are given: the host, the connections they keep between two
// measurements, and the memory of since when things are so.
import type { Clock } from '../../shared/clock.ts';
import { type AppError, toAppError } from '../../shared/errors.ts';
import type { AnswerHealth } from '../../shared/model/health.ts';
import type { Machine } from '../facts/machine.ts';
import type { Host } from '../host/host.ts';
import type { HttpAnswer } from '../host/http-get.ts';
import type { OpenKubeApi } from '../host/kube-api.ts';
import type { TlsPeek } from '../host/tls-peek.ts';
import type { CertificateSources } from './certificates.ts';
import { createKeptApi, type KeptApi } from './kept-api.ts';
import type { ServedMemory } from './served-certificates.ts';
import { createSince, type Since } from './since.ts';
import { createRestartCounts, type RestartCounts } from './units.ts';

export interface HealthSources {
  readonly host: Host;
  readonly machine: Machine;
  readonly httpGet: (url: string, signal: AbortSignal) => Promise<HttpAnswer>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Longest that one probe may take. */
  readonly limitMs: number;
  /** Of the member on this host. */
  readonly etcdUrl: string;
  readonly since: Since;
  readonly restarts: RestartCounts;
  readonly certificates: CertificateSources['certificates'];
  readonly tlsPeek: TlsPeek;
  /** What was served when it was last looked at. */
  readonly served: ServedMemory;
  /** To any master, through the node's own proxy. */
  readonly cluster: KeptApi;
  /** To the API server and the etcd member of this host. */
  readonly ownApiServer: KeptApi;
  readonly ownEtcd: KeptApi;
}

export interface HealthSourcesOptions {
  readonly host: Host;
  readonly machine: Machine;
  readonly httpGet: HealthSources['httpGet'];
  readonly openKube: OpenKubeApi;
  readonly tlsPeek: TlsPeek;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** @default 4 s */
  readonly limitMs?: number;
  /** @default https://127.0.0.1:2379 */
  readonly etcdUrl?: string;
}

export function createHealthSources(options: HealthSourcesOptions): HealthSources {
  const { clock, signal, openKube: open } = options;
  return {
    limitMs: 4_000,
    etcdUrl: 'https://127.0.0.1:2379',
    ...options,
    since: createSince(clock),
    restarts: createRestartCounts(clock),
    certificates: new Map(),
    served: { last: null },
    // Behind the proxy may be a master that went away: there has to be time for another one.
    cluster: createKeptApi({ open, clock, signal, firstShare: 0.4 }),
    ownApiServer: createKeptApi({ open, clock, signal }),
    ownEtcd: createKeptApi({ open, clock, signal }),
  };
}

const longestMessage = 400;

/** One line, so that a long answer does not fill an operator's screen. */
export const inBrief = (text: string): string =>
  text.replace(/\s+/g, ' ').trim().slice(0, longestMessage);

export function answered(sources: HealthSources, what: string, fault: string | null): AnswerHealth {
  const message = inBrief(fault ?? '');
  return { ok: fault === null, message, sinceMs: sources.since.of(what, String(fault === null)) };
}

/** Why something does not answer, without the request that was made. */
export function whyNot(thrown: unknown): string {
  const failure: AppError = toAppError(thrown);
  return failure.message.replace(/^(GET|POST) \S+: /, '');
}
