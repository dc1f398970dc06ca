// One host of a fleet with a kernel of its own, as tests use it: what it says of itself, and its plug
// pulled at a chosen moment.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fleet, type NodeRow, type PlanRow, until } from '../lab/fleet.ts';

/** On a busy machine without help of its processor everything takes minutes. */
const patienceMs = 20 * 60_000;

export interface MachineHost {
  /** Runs a shell script in it, which has to end well, and returns what it wrote. */
  sh(script: string): Promise<string>;
  node(): Promise<NodeRow | undefined>;
  /** The newest plan of that goal. */
  plan(goal: string): Promise<PlanRow | undefined>;
  until(what: string, isSo: () => Promise<boolean>): Promise<void>;
  /** The plug is pulled, and the host is switched on again: nobody touches it otherwise. */
  powerCut(): Promise<void>;
  /** Asked of the host's own systemd; resolves when it is up again. */
  reboot(): Promise<void>;
}

export function machineHost(fleet: Fleet, name: string): MachineHost {
  const { lab } = fleet;

  async function sh(script: string): Promise<string> {
    const { stdout, stderr, exitCode } = await lab.exec(name, ['sh', '-c', script]);
    if (exitCode !== 0) throw new Error(`${script} ended with ${exitCode}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  const node = async (): Promise<NodeRow | undefined> =>
    (await fleet.nodes()).find((row) => row.name === name);

  const wait = (what: string, isSo: () => Promise<boolean>): Promise<void> =>
    until(isSo, { what: `${name} ${what}`, timeoutMs: patienceMs, everyMs: 500 });

  async function untilItCalls(sinceMs: number): Promise<void> {
    await wait('to call', async () => ((await node())?.lastPollMs ?? 0) > sinceMs);
  }

  return {
    sh,
    node,
    plan: async (goal) =>
      (await fleet.plans())
        .filter((plan) => plan.nodeName === name && plan.goal === goal)
        .toSorted((a, b) => b.issuedMs - a.issuedMs)[0],
    until: wait,
    powerCut: async () => {
      await lab.stop(name);
      const sinceMs = Date.now();
      await lab.start(name);
      await untilItCalls(sinceMs);
    },
    reboot: async () => {
      const before = await sh('cat /proc/sys/kernel/random/boot_id');
      // Later, so that the channel can still say that it was asked.
      await sh('systemd-run --quiet --on-active=1 systemctl reboot');
      await wait('to be rebooted', async () => {
        const asked = lab.exec(name, ['cat', '/proc/sys/kernel/random/boot_id'], {
          timeoutMs: 30_000,
        });
        return (await asked.catch(() => null))?.stdout.trim().startsWith(before) === false;
      });
      const sinceMs = Date.now();
      await sleep(1);
      await untilItCalls(sinceMs);
    },
  };
}
