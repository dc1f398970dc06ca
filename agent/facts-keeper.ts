// The facts of now: collected at the start, every minute, and before a plan is accepted; reported
// when something that matters has changed, or after five minutes. Collecting is agent/facts' work.
import { digestOf } from '../shared/canonical.ts';
import type { Clock } from '../shared/clock.ts';
import { toAppError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { type NodeFacts, planningFacts } from '../shared/model/facts.ts';
import { backoffMs } from '../shared/retry.ts';
import type { CoordinatorLink } from './link/coordinator-link.ts';

export interface FactsKeeper {
  current(): NodeFacts;
  /** Of the planning part. */
  digest(): string;
  /** Collects again unless the facts are younger than this. */
  refresh(maxAgeMs: number): Promise<void>;
  /** Collects and reports soon. */
  request(): void;
  /** Ends when the signal fires. */
  run(): Promise<void>;
}

export interface FactsKeeperOptions {
  readonly first: NodeFacts;
  readonly collect: () => Promise<NodeFacts>;
  readonly link: () => CoordinatorLink;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** The planning digest is another one. */
  readonly onDigest: () => void;
}

export const COLLECT_EVERY_MS = 60_000;
/** A program was late to say its version: its answer may be there soon. */
const soon = { firstMs: 5_000, maxMs: COLLECT_EVERY_MS };
const reportEveryMs = 5 * 60_000;
const backoff = { firstMs: 500, maxMs: 15_000 };
const freeSpaceStep = 256 * 1024 * 1024;

export function createFactsKeeper(options: FactsKeeperOptions): FactsKeeper {
  const { clock, log, signal } = options;
  let facts = options.first;
  let digest = digestOf(planningFacts(facts));
  let collectedBootMs = clock.boot();
  let collecting: Promise<void> | null = null;
  let reported = '';
  let reportedBootMs = 0;
  let bell = new AbortController();
  signal.addEventListener('abort', () => bell.abort(), { once: true });

  const collect = async (): Promise<void> => {
    facts = await options.collect();
    collectedBootMs = clock.boot();
    const next = digestOf(planningFacts(facts));
    if (next === digest) return;
    log.info({ before: digest, after: next }, 'the planning facts changed');
    digest = next;
    options.onDigest();
  };
  const refresh = async (maxAgeMs: number): Promise<void> => {
    if (collecting === null && clock.boot() - collectedBootMs < maxAgeMs) return;
    collecting ??= collect().finally(() => {
      collecting = null;
    });
    await collecting;
  };
  const reportIfDue = async (): Promise<void> => {
    const content = comparable(facts);
    const isOld = clock.boot() - reportedBootMs >= reportEveryMs;
    if (content === reported && !isOld) return;
    await options.link().reportFacts(facts, signal);
    reported = content;
    reportedBootMs = clock.boot();
  };

  return {
    current: () => facts,
    digest: () => digest,
    refresh,
    request: () => bell.abort(),
    run: async () => {
      let failures = 0;
      let unknowns = 0;
      for (let isFirst = true; !signal.aborted; isFirst = false) {
        if (bell.signal.aborted) bell = new AbortController();
        let waitMs = COLLECT_EVERY_MS;
        try {
          if (!isFirst && failures === 0) await refresh(0);
          await reportIfDue();
          failures = 0;
          unknowns = lacksVersion(facts) ? unknowns + 1 : 0;
          if (unknowns > 0) waitMs = Math.min(soon.maxMs, soon.firstMs * 2 ** (unknowns - 1));
        } catch (thrown) {
          if (signal.aborted) return;
          failures += 1;
          waitMs = backoffMs(failures, backoff, options.random());
          if (failures === 1)
            log.warn({ why: toAppError(thrown).message }, 'facts wait to be reported');
        }
        try {
          await clock.sleep(waitMs, bell.signal);
        } catch {
          // Rung, or the agent ends; the loop's condition tells which.
        }
      }
    },
  };
}

const lacksVersion = ({ installed }: NodeFacts): boolean =>
  installed !== 'unknown' && Object.values(installed).includes('unknown');

/** Without what changes by itself; free space in steps, so that only much of it counts. */
function comparable(facts: NodeFacts): string {
  const { disks } = facts;
  return digestOf({
    ...facts,
    collectedAtMs: 0,
    clockSkewMs: facts.clockSkewMs === null ? null : Math.round(facts.clockSkewMs / 10_000),
    disks:
      disks === 'unknown'
        ? disks
        : disks.map((disk) => ({ ...disk, freeBytes: Math.round(disk.freeBytes / freeSpaceStep) })),
  });
}
