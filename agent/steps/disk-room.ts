// Whether a file that is to be written fits on its disk and leaves room for what lives there: etcd itself
// stops when its disk is full.
import { dirname } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { StepContext } from './step-runner.ts';

const MiB = 1024 * 1024;
const reserveBytes = 512 * MiB;

/** @throws AppError not-ready, with what is free and what is needed */
export async function needRoom(
  { host, signal }: Pick<StepContext, 'host' | 'signal'>,
  path: string,
  bytes: number,
): Promise<void> {
  const directory = dirname(path);
  const { exitCode, stdout } = await host.read(['df', '-B1', '--output=avail', directory], {
    signal,
  });
  const free = Number(stdout.trim().split('\n').at(-1));
  // What cannot be told stops nothing: the write itself fails when there is no room.
  if (exitCode !== 0 || !Number.isFinite(free) || free >= bytes + reserveBytes) return;
  throw new AppError(
    'not-ready',
    `${directory} has ${inMiB(free)} MiB free, and ${path} needs ${inMiB(bytes)} MiB with ${inMiB(reserveBytes)} MiB left over: make room on that disk, or lower etcd.snapshots.keep`,
    { retryable: true },
  );
}

const inMiB = (bytes: number): number => Math.ceil(bytes / MiB);
