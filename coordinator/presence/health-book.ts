// The newest health report of each node, in memory only: after a restart every agent says it again
// with its next poll. One that does not parse never fails a poll: it is dropped, counted and logged
// once, and the node's last good one grows old.
import { createHash } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { CertificateHealth, HealthReport } from '../../shared/model/health.ts';

/** As a poll carries it. */
export interface HealthTold {
  /** JSON; empty when the agent has measured nothing yet. */
  readonly json: Uint8Array;
  readonly ageMs: number;
  /** The host's own clock at the poll. */
  readonly hostTimeMs: number;
}

export interface MeasuredHealth {
  readonly report: HealthReport;
  /** By the coordinator's clock. */
  readonly measuredMs: number;
  /** Added to a time of the report it is the coordinator's time. */
  readonly offsetMs: number;
}

export interface HealthBook {
  take(nodeId: string, told: HealthTold): void;
  /** Null when nothing readable came since the coordinator started. */
  of(nodeId: string): MeasuredHealth | null;
  /** Reports in a row that could not be read. */
  rejected(nodeId: string): number;
}

export interface HealthBookOptions {
  /** @throws AppError invalid */
  readonly parse: (json: Uint8Array) => HealthReport;
  readonly clock: Clock;
  readonly log: Logger;
  /** A node says something else than before. */
  readonly onChange: () => void;
}

interface Entry extends MeasuredHealth {
  readonly digest: string;
}

const dayMs = 24 * 3_600_000;
/** Times inside a report must not waver with how long each poll was under way. */
const steadyMs = 2_000;

export function createHealthBook(options: HealthBookOptions): HealthBook {
  const { clock, log } = options;
  const entries = new Map<string, Entry>();
  const rejections = new Map<string, number>();

  const read = (nodeId: string, json: Uint8Array): HealthReport | null => {
    try {
      return options.parse(json);
    } catch (thrown) {
      const count = (rejections.get(nodeId) ?? 0) + 1;
      rejections.set(nodeId, count);
      const why = toAppError(thrown).message;
      if (count === 1) log.warn({ nodeId, why }, 'a health report cannot be read and is dropped');
      return null;
    }
  };

  return {
    take(nodeId, { json, ageMs, hostTimeMs }) {
      if (json.length === 0) return;
      const before = entries.get(nodeId);
      const digest = createHash('sha256').update(json).digest('base64');
      const isSame = before?.digest === digest;
      const report = isSame ? before.report : read(nodeId, json);
      if (report === null) return;
      rejections.delete(nodeId);
      const now = clock.now();
      const offsetMs = now - hostTimeMs;
      const isSteady = before !== undefined && Math.abs(before.offsetMs - offsetMs) < steadyMs;
      entries.set(nodeId, {
        report,
        digest,
        measuredMs: now - Math.min(Math.max(ageMs, 0), dayMs),
        offsetMs: isSteady ? before.offsetMs : offsetMs,
      });
      if (!isSame) options.onChange();
    },
    of: (nodeId) => entries.get(nodeId) ?? null,
    rejected: (nodeId) => rejections.get(nodeId) ?? 0,
  };
}

/** As measured last; null: not known. */
export function certificatesIn(
  measured: MeasuredHealth | null,
): readonly CertificateHealth[] | null {
  const certificates = measured?.report.certificates ?? 'unknown';
  return certificates === 'unknown' ? null : certificates;
}

/** Whether the host's Kubernetes node is Ready; null: not measured, or its API does not tell. */
export function nodeReady(measured: MeasuredHealth | null): boolean | null {
  const node = measured?.report.node;
  if (node === undefined || node === null || node.kind === 'unreachable') return null;
  return node.kind === 'seen' && node.ready === 'True';
}
