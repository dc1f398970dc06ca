// `npm start`: the main job on one machine. A coordinator, five freshly booted hosts whose cloud-init
// holds nothing but join material, and at the end a real Kubernetes cluster with a passed smoke
// test. Run again it finds everything done.
import { UsageError } from './caller-error.ts';
import { processIo } from './commands/command-line.ts';
import { type HostCounts, runStart, type StartOptions } from './commands/start-options.ts';
import { smokeTestLines } from './fleet/installed-table.ts';
import { openFleet } from './fleet/open-fleet.ts';
import { untilAnswered } from './fleet/patience.ts';
import { createProgress } from './fleet/progress.ts';
import type { Fleet, FleetHost, PlanRow } from './fleet.ts';
import { exists } from './machine/exists.ts';
import { defaultLabName } from './paths.ts';

async function start(options: StartOptions): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new UsageError(
      'npm start boots real hosts on this machine and needs root: sudo npm start',
    );
  }
  const say = (line: string): void => console.error(line);
  const beganMs = Date.now();

  const fleet = await openFleet({
    lab: options.lab,
    masters: options.hosts.masters,
    kubernetes: options.kubernetes,
    artifacts: options.artifacts ?? 'probe',
    log: say,
  });
  const { lab } = fleet;

  const hosts = hostsOf(options.hosts);
  const known = new Set((await lab.status()).map((host) => host.name));
  const fresh = hosts.filter((host) => !known.has(host.name));
  const before = changedSteps(await untilAnswered(fleet, fleet.plans, { say }));
  const joinMs = Date.now();
  if (fresh.length > 0) await fleet.bootHosts(fresh);
  await lab.up(hosts.filter((host) => known.has(host.name)).map(({ name }) => ({ name })));

  const progress = createProgress({ fleet, hosts });
  await progress.untilReady();
  const installMs = Date.now() - joinMs;
  if (!(await kubeconfigWorks(fleet))) await fleet.must(['kubeconfig', '-o', fleet.kubeconfig]);
  const [plans, nodes] = await Promise.all([
    untilAnswered(fleet, fleet.plans, { say }),
    fleet.kubectl(['get', 'nodes', '-o', 'wide']),
  ]);
  const applied = changedSteps(plans) - before;

  const labFlag = options.lab === defaultLabName ? '' : ` --lab ${options.lab}`;
  const command = `npm run lab --${labFlag}`;
  console.log(`${nodes.stdout}\n${smokeTestLines(plans, Date.now())}`);
  console.log(`
${hosts.length} hosts ready in ${seconds(installMs)} (${seconds(Date.now() - beganMs)} with everything before); ${applied} steps applied.
kubeconfig: ${fleet.kubeconfig}

Try next:
  ${command} kubectl get pods -A
  ${command} add w3 --pool workers      # one more worker, by itself
  ${command} stop m2                    # pull a master's plug: the others go on
  ${command} coordinator explain        # who waits for what
  ${command} down                       # nothing is left`);
}

/** A certificate of an earlier start is good for a day: asking for another one would be a change. */
async function kubeconfigWorks(fleet: Fleet): Promise<boolean> {
  if (!(await exists(fleet.kubeconfig))) return false;
  return (await fleet.kubectl(['get', '--raw', '/readyz'], { timeoutMs: 10_000 })).exitCode === 0;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function hostsOf({ masters, workers }: HostCounts): readonly FleetHost[] {
  const numbered = (count: number, prefix: string, pool: string): FleetHost[] =>
    Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index + 1}`, pool }));
  return [...numbered(masters, 'm', 'control-plane'), ...numbered(workers, 'w', 'workers')];
}

function changedSteps(plans: readonly PlanRow[]): number {
  return plans.reduce((sum, plan) => sum + plan.changedSteps, 0);
}

process.exitCode = await runStart(process.argv.slice(2), start, processIo);
