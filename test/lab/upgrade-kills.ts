// Kills while a rollout is under way: at moments that a seed chooses, in the middle of plans that matter,
// the acting agent and the coordinator end by SIGKILL, both at once.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fleet, type PlanRow, until } from './fleet.ts';

export interface KillPoint {
  readonly goal: string;
  /** Of the plans of that goal since the beginning, in the order of their issue. */
  readonly nth: number;
  /** After its host accepted the plan. */
  readonly delayMs: number;
}

/** Five, in the order in which a rollout of another version comes by them. */
export function killPoints(random: () => number): readonly KillPoint[] {
  const upTo = (count: number): number => Math.floor(random() * count);
  const within = (seconds: number): number => Math.round(random() * seconds * 1000);
  return [
    { goal: 'lay down what the rollout needs', nth: upTo(5), delayMs: within(1) },
    { goal: 'change control plane', nth: 0, delayMs: within(10) },
    { goal: 'change control plane', nth: 1 + upTo(2), delayMs: within(10) },
    { goal: 'change host', nth: 0, delayMs: within(3) },
    { goal: 'change host', nth: 1 + upTo(4), delayMs: within(3) },
  ];
}

export interface Killed extends KillPoint {
  readonly node: string;
  /** The step that was under way; null: the plan was over already, and its agent idle. */
  readonly step: string | null;
}

/** @param sinceMs plans issued before are of no interest */
export async function killAt(
  fleet: Fleet,
  points: readonly KillPoint[],
  sinceMs: number,
): Promise<readonly Killed[]> {
  const killed: Killed[] = [];
  for (const point of points) {
    const find = async (): Promise<PlanRow | undefined> =>
      (await fleet.plans())
        .filter(({ goal, issuedMs }) => goal === point.goal && issuedMs >= sinceMs)
        .toSorted((a, b) => a.issuedMs - b.issuedMs)[point.nth];
    await until(async () => ((await find())?.acceptedMs ?? null) !== null, {
      what: `"${point.goal}" number ${point.nth + 1} to begin`,
      timeoutMs: 600_000,
      everyMs: 100,
    });
    await sleep(point.delayMs);
    const plan = await find();
    const node = plan?.nodeName ?? '';
    const step = plan?.steps.find(({ state }) => state === 'running')?.stepId ?? null;
    const kill = ['systemctl', 'kill', '--signal=SIGKILL', '--kill-whom=main', 'muster-agent'];
    await Promise.all([fleet.lab.exec(node, kill), fleet.endCoordinator('SIGKILL')]);
    killed.push({ ...point, node, step: plan?.finishedMs === null ? step : null });
    await fleet.startCoordinator();
  }
  return killed;
}
