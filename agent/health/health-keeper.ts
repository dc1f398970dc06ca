// The newest measurement of the host's health and how old it is. Measures every ten seconds, every
// five while something is wrong, so that its end is seen as soon as its beginning; and says when what
// matters is another, so that the coordinator hears of it at once.
import type { Clock } from '../../shared/clock.ts';
import { toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { HealthReport } from '../../shared/model/health.ts';

export interface HealthKeeper {
  /** JSON of the newest report, and its age; null before the first one. */
  latest(): { readonly json: Uint8Array; readonly ageMs: number } | null;
  /** Measures soon. */
  request(): void;
  /** Ends when the signal fires. */
  run(): Promise<void>;
}

export interface HealthKeeperOptions {
  readonly measure: () => Promise<HealthReport>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** What matters is another than in the report before. */
  readonly onChange: () => void;
}

export const MEASURE_EVERY_MS = 10_000;
export const MEASURE_UNWELL_EVERY_MS = 5_000;

export function createHealthKeeper(options: HealthKeeperOptions): HealthKeeper {
  const { clock, log, signal } = options;
  let newest: { readonly json: Uint8Array; readonly atMs: number } | null = null;
  let weight = '';
  let isUnwell = false;
  let isFailing = false;
  let bell = new AbortController();
  signal.addEventListener('abort', () => bell.abort(), { once: true });

  const measure = async (): Promise<void> => {
    // Of the beginning: what changes while the probes run is seen by the next measurement.
    const atMs = clock.boot();
    const report = await options.measure();
    newest = { json: Buffer.from(JSON.stringify(report)), atMs };
    isUnwell = !isWell(report);
    const next = weightOf(report);
    if (next === weight) return;
    weight = next;
    options.onChange();
  };

  return {
    latest: () =>
      newest === null ? null : { json: newest.json, ageMs: clock.boot() - newest.atMs },
    request: () => bell.abort(),
    run: async () => {
      while (!signal.aborted) {
        bell = new AbortController();
        try {
          await measure();
          isFailing = false;
        } catch (thrown) {
          if (signal.aborted) return;
          // The report grows old, and the coordinator says so.
          if (!isFailing) log.warn({ why: toAppError(thrown).message }, 'health was not measured');
          isFailing = true;
        }
        try {
          const everyMs = isUnwell ? MEASURE_UNWELL_EVERY_MS : MEASURE_EVERY_MS;
          await clock.sleep(everyMs, bell.signal);
        } catch {
          // Rung, or the agent ends; the loop's condition tells which.
        }
      }
    },
  };
}

/** Only what is set up counts: a unit that is not there yet is nothing wrong. */
function isWell({ units, kubelet, node, apiServer, etcd }: HealthReport): boolean {
  const isRunning = ({ load, active }: { load: string; active: string }): boolean =>
    load === 'not-found' || active === 'active';
  return (
    units !== 'unknown' &&
    units.every(isRunning) &&
    (kubelet === null || kubelet.ok) &&
    (node === null || (node.kind === 'seen' && node.ready === 'True')) &&
    (apiServer === null || apiServer.ok) &&
    (etcd === null || etcd.read.ok)
  );
}

/** Without texts and sizes, which may differ each time. */
function weightOf({
  units,
  kubelet,
  node,
  apiServer,
  etcd,
  certificates,
  served,
}: HealthReport): string {
  return JSON.stringify([
    units === 'unknown' || units.map(({ name, load, active }) => [name, load, active]),
    kubelet?.ok,
    node?.kind === 'seen'
      ? [node.ready, node.reason, node.pressures.map(({ type }) => type)]
      : node?.kind,
    apiServer?.ok,
    etcd === null || [
      etcd.read.ok,
      etcd.status === 'unknown' || [etcd.status.leaderId, etcd.status.alarms.length],
      etcd.members === 'unknown' || etcd.members.map(({ id, learner }) => [id, learner]),
    ],
    certificates === 'unknown' || certificates.map(({ path, notAfterMs }) => [path, notAfterMs]),
    served === undefined || served === 'unknown' || served.map(({ by, sha256 }) => [by, sha256]),
  ]);
}
