// What the planner is shown of an etcd member's health: only what decisions turn on, and nothing that is
// older than a minute. Pure.
import type { EtcdView } from '../planner/view.ts';
import type { MeasuredHealth } from './health-book.ts';
import { FRESH_MS } from './judge-host.ts';

/** A database smaller than this is small enough, however much of it is free. */
const worthwhileBytes = 256 * 1024 * 1024;
const sparseShare = 0.5;

/** Undefined: nothing of the last minute is known, or the host has no member. */
export function etcdViewOf(measured: MeasuredHealth | null, now: number): EtcdView | undefined {
  if (measured === null || now - measured.measuredMs > FRESH_MS) return undefined;
  const { etcd } = measured.report;
  if (etcd === null) return undefined;
  const { read, status } = etcd;
  if (status === 'unknown') return { isHealthy: false, isLeader: false, isSparse: false };
  const { inUseBytes, databaseBytes, learner, alarms, leaderId, memberId } = status;
  return {
    isHealthy: read.ok && !learner && alarms.length === 0,
    isLeader: leaderId === memberId,
    isSparse: isSparse(databaseBytes, inUseBytes ?? databaseBytes),
  };
}

/** Half of it or more is pages that are free, which only a defragmentation gives back to the disk. */
export const isSparse = (databaseBytes: number, inUseBytes: number): boolean =>
  databaseBytes >= worthwhileBytes && inUseBytes < databaseBytes * sparseShare;
