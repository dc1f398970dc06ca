// One seed, from bare hosts to its verdict: a story, its faults, every invariant, and convergence once
// the faults are over.
import { brew } from './faults/storm.ts';
import { Fleet, type Seams } from './fleet.ts';
import { type Broken, watchAll } from './invariants/invariant.ts';
import { invariants } from './invariants/invariants.ts';
import { beginInstall, convergence, joinLater, whyNotConverged } from './stories/install.ts';
import { beginNight, whyNotRenewed } from './stories/night.ts';
import { callOperator } from './stories/operator.ts';
import { tap } from './taps.ts';

export interface Verdict {
  readonly seed: string;
  readonly digest: string;
  readonly broken: readonly Broken[];
  readonly counts: Readonly<Record<string, number>>;
  /** Simulated. */
  readonly tookMs: number;
  readonly trace: readonly string[];
}

/** In simulated time, after the last fault. */
const convergeWithinMs = 60 * 60_000;

export const JOINS_LATER = 'story: a worker joins by itself later';

export const NIGHT = 'story: a night without power';
/** Of the seeds. */
const nights = 0.08;

export interface RunOptions {
  readonly seams?: Seams;
  readonly withinMs?: number;
  /** Goes on until this is broken, whatever else is. @default anything */
  readonly until?: string;
}
export const CONVERGES = 'everything converges once faults end';

export async function runSeed(seed: string, options: RunOptions = {}): Promise<Verdict> {
  const { seams = {}, withinMs = convergeWithinMs, until = '' } = options;
  const fleet = await Fleet.create(seed, seams);
  const { world, coordinator } = fleet;
  tap(fleet);
  const watch = watchAll(fleet, invariants);
  await beginInstall(fleet);
  const chance = world.chance.of('story');
  const isLate = chance.happens(0.4);
  if (isLate) joinLater(fleet, chance.between(20_000, 140_000));
  const storm = brew(fleet);
  const hasConverged = convergence(fleet);
  const isBroken = (): boolean => watch.broken.some(({ invariant }) => invariant.includes(until));
  await world.scheduler.run(storm.untilMs, isBroken);
  callOperator(fleet);
  const limitMs = storm.untilMs + withinMs;
  await world.scheduler.run(limitMs, () => isBroken() || hasConverged());
  const hasNight = whyNotConverged(fleet) === null && world.chance.of('night').happens(nights);
  if (hasNight) {
    const fairMs = beginNight(fleet);
    await world.scheduler.run(fairMs, isBroken);
    const isOver = (): boolean => hasConverged() && whyNotRenewed(fleet) === null;
    await world.scheduler.run(fairMs + withinMs, () => isBroken() || isOver());
  }
  world.tell({ kind: 'story', what: 'the end' });
  const broken = [...watch.broken];
  const why = whyNotConverged(fleet) ?? (hasNight ? whyNotRenewed(fleet) : null);
  if (why !== null && (broken.length === 0 || until !== ''))
    broken.push({ invariant: CONVERGES, why, atMs: limitMs });
  const counts: Record<string, number> = Object.fromEntries(watch.counts);
  counts[CONVERGES] = storm.names.length > 0 ? 1 : 0;
  for (const fault of storm.names) counts[`fault: ${fault}`] = (counts[`fault: ${fault}`] ?? 0) + 1;
  if (isLate) counts[JOINS_LATER] = 1;
  if (hasNight) counts[NIGHT] = 1;
  for (const [what, times] of coordinator.renewals) counts[what] = times;
  for (const host of fleet.hosts) host.agent?.kill();
  fleet.coordinator.life?.kill();
  return {
    seed,
    digest: world.digest(),
    broken,
    counts,
    tookMs: world.scheduler.nowMs,
    trace: world.trace,
  };
}
