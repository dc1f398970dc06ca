// `npm run bench -- hostile [--seconds N]`: what strangers and forgers can do to a coordinator that runs
// as it does anywhere, and to an agent. Figures are shown beside what they should be, never asserted.
import { formatTable } from '../../coordinator/cli/table.ts';
import { weighedRows, weighHostileMember } from '../simulation/hostile-hour.ts';
import { startCoordinatorProcess } from './hostile/coordinator-process.ts';
import { tryForgedPlans } from './hostile/forged-plans.ts';
import { measureMinute, type Took } from './hostile/minute.ts';
import { measureMemory } from './hostile/unfinished.ts';

const plansOfEachKind = 125;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const ms = (value: number): string => `${value.toFixed(0)} ms`;

export async function measureHostile(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--seconds');
  const seconds = at < 0 ? 60 : Number(args[at + 1]);
  if (!Number.isFinite(seconds) || seconds <= 0) throw new Error('--seconds takes a number');
  const coordinator = await startCoordinatorProcess();
  try {
    // First, while the coordinator is as small as it ever is.
    const memory = await measureMemory(coordinator);
    show(
      ['MEMORY UNDER', 'GROWN BY', 'GOAL'],
      memory.map(({ what, grownBytes }, index) => [
        what,
        megabytes(grownBytes),
        index < 2 ? '30 MB' : '',
      ]),
    );
    const minute = await measureMinute(coordinator, seconds);
    const row = (what: string, quiet: Took, hostile: Took, goalMs: number): string[] => [
      what,
      `${ms(quiet.median)} / ${ms(quiet.slow)}`,
      `${ms(hostile.median)} / ${ms(hostile.slow)}`,
      `${ms(hostile.median - quiet.median)} / ${ms(hostile.slow - quiet.slow)}`,
      ms(goalMs),
    ];
    show(
      ['HONEST', 'QUIET', `HOSTILE ${String(seconds)} s`, 'DELAY', 'GOAL'],
      [
        row(`join (${minute.hostile.join.count})`, minute.quiet.join, minute.hostile.join, 1000),
        row(`poll (${minute.hostile.poll.count})`, minute.quiet.poll, minute.hostile.poll, 100),
      ],
    );
    process.stdout.write(`median / slowest of twenty; the flood tried ${minute.tried}\n\n`);
  } finally {
    await coordinator.stop();
  }
  const forged = await tryForgedPlans(plansOfEachKind);
  const sum = (of: 'tried' | 'executed'): string =>
    String(forged.reduce((total, row) => total + row[of], 0));
  show(
    ['PLANS', 'TRIED', 'EXECUTED'],
    [
      ...forged.map(({ what, tried, executed }) => [what, String(tried), String(executed)]),
      ['all', sum('tried'), sum('executed')],
    ],
  );
  await showMember();
}

const memberSeconds = 3_600;

/** In simulated time: what one member can make the coordinator keep, and what bounds it. */
async function showMember(): Promise<void> {
  const weighed = await weighHostileMember(memberSeconds);
  show(['AFTER AN HOUR OF A HOSTILE MEMBER', 'SIZE', 'BOUNDED BY'], weighedRows(weighed));
}

function show(header: readonly string[], rows: readonly (readonly string[])[]): void {
  process.stdout.write(`${formatTable(header, rows)}\n`);
}
