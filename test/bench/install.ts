// The install's figures: five hosts from the first join to CoreDNS Ready with where the time goes, one
// more worker, asking again, and what an agent costs while it waits.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Fleet, type FleetHost, type PlanRow, until } from '../lab/fleet.ts';
import { openTestFleet } from '../lab/test-fleet.ts';
import { agentFigures } from './agent-figures.ts';
import { type Span, timeLine } from './time-line.ts';

const hosts: readonly FleetHost[] = [
  { name: 'm1', pool: 'control-plane' },
  { name: 'm2', pool: 'control-plane' },
  { name: 'm3', pool: 'control-plane' },
  { name: 'w1', pool: 'workers' },
  { name: 'w2', pool: 'workers' },
];

interface Figures {
  /** First join to CoreDNS Ready. */
  installSeconds: number;
  /** The same work by hand on this machine; null when not given. */
  referenceSeconds: number | null;
  ratio: number | null;
  workerSeconds: number;
  workerStepsOnOthers: number;
  againSeconds: number;
  againSteps: number;
  timeLine: readonly Span[];
  agent: Readonly<Record<string, number>>;
}

export async function measureInstall(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { reference: { type: 'string' }, json: { type: 'string' }, keep: { type: 'boolean' } },
  });
  const fleet = await openTestFleet({
    lab: 'bench',
    masters: 3,
    log: (line) => console.error(line),
  });
  try {
    const figures = await measure(
      fleet,
      values.reference === undefined ? null : Number(values.reference),
    );
    print(figures);
    await writeFile(values.json ?? 'bench-install.json', `${JSON.stringify(figures, null, 2)}\n`);
  } finally {
    if (values.keep !== true) await fleet.lab.down();
  }
}

async function measure(fleet: Fleet, referenceSeconds: number | null): Promise<Figures> {
  await fleet.bootHosts(hosts);
  await coreDnsReady(fleet);
  const readyMs = Date.now();
  const joined = await joinTimes(fleet);
  const firstJoinMs = Math.min(...joined.values());
  const installSeconds = (readyMs - firstJoinMs) / 1000;
  const smokeIsOver = async (): Promise<boolean> =>
    (await fleet.plans()).some(
      (plan) => plan.goal === 'run the smoke test' && plan.state === 'done',
    );
  await until(smokeIsOver, { what: 'the smoke test', timeoutMs: 120_000 });
  const spans = timeLine(await fleet.plans(), firstJoinMs);

  const worker = await addWorker(fleet);
  const again = await askAgain(fleet);
  return {
    installSeconds,
    referenceSeconds,
    ratio: referenceSeconds === null ? null : installSeconds / referenceSeconds,
    ...worker,
    ...again,
    timeLine: spans,
    agent: await agentFigures(fleet, 'w1'),
  };
}

/** Asks on a master with its own administrator's file: the operator's comes later. */
async function coreDnsReady(fleet: Fleet): Promise<void> {
  const ask = [
    '/usr/local/bin/kubectl',
    '--kubeconfig=/etc/kubernetes/admin.conf',
    '-n',
    'kube-system',
    'get',
    'deployment',
    'coredns',
    '-o',
    'jsonpath={.status.readyReplicas}',
  ];
  const isReady = async (): Promise<boolean> => {
    const allJoined =
      (await fleet.nodes()).filter((node) => node.phase === 'ready').length >= hosts.length;
    return allJoined && (await fleet.lab.exec('m1', ask)).stdout === '2';
  };
  await until(isReady, { what: 'CoreDNS', timeoutMs: 300_000, everyMs: 300 });
}

async function joinTimes(fleet: Fleet): Promise<ReadonlyMap<string, number>> {
  return new Map((await fleet.nodes()).map((row) => [row.name, row.joinedMs]));
}

async function addWorker(
  fleet: Fleet,
): Promise<Pick<Figures, 'workerSeconds' | 'workerStepsOnOthers'>> {
  const known = new Set((await fleet.plans()).map((plan) => plan.planId));
  await fleet.bootHosts([{ name: 'w3', pool: 'workers' }]);
  const isReady = async (): Promise<boolean> =>
    (await fleet.plans()).some(
      (plan) => plan.nodeName === 'w3' && plan.goal === 'join as worker' && plan.state === 'done',
    );
  await until(isReady, { what: 'w3 to be Ready', timeoutMs: 120_000, everyMs: 100 });
  const began = await fleet.lab.exec('w3', [
    'systemctl',
    'show',
    '-p',
    'ExecMainStartTimestamp',
    '--value',
    '--timestamp=unix',
    'muster-agent',
  ]);
  const beganMs = Number(began.stdout.replace('@', '')) * 1000;
  const plans = await fleet.plans();
  const joined = plans.find((plan) => plan.nodeName === 'w3' && plan.goal === 'join as worker');
  const others = plans.filter(
    (plan) => !known.has(plan.planId) && plan.nodeName.startsWith('w') && plan.nodeName !== 'w3',
  );
  return {
    workerSeconds: ((joined?.finishedMs ?? Date.now()) - beganMs) / 1000,
    workerStepsOnOthers: others.reduce((sum, plan) => sum + plan.steps.length, 0),
  };
}

async function askAgain(fleet: Fleet): Promise<Pick<Figures, 'againSeconds' | 'againSteps'>> {
  const changed = async (): Promise<number> =>
    (await fleet.plans()).reduce((sum, plan) => sum + plan.changedSteps, 0);
  // What the new worker left to be done is not what asking again does.
  const isOver = (plan: PlanRow): boolean => !['issued', 'accepted'].includes(plan.state);
  await until(async () => (await fleet.plans()).every(isOver), {
    what: 'running plans to end',
    timeoutMs: 60_000,
  });
  const before = await changed();
  const beganMs = Date.now();
  await fleet.apply(`${fleet.lab.directory}/cluster.yaml`);
  const isReady = async (): Promise<boolean> =>
    (await fleet.nodes()).every((node) => node.phase === 'ready');
  await until(isReady, { what: 'the fleet', timeoutMs: 60_000 });
  return { againSeconds: (Date.now() - beganMs) / 1000, againSteps: (await changed()) - before };
}

function print(figures: Figures): void {
  const rows: [string, string][] = [
    ['five hosts, first join to CoreDNS Ready', `${figures.installSeconds.toFixed(1)} s`],
    [
      'by hand on this machine',
      figures.referenceSeconds === null ? '(give --reference)' : `${figures.referenceSeconds} s`,
    ],
    ['ratio', figures.ratio === null ? '-' : figures.ratio.toFixed(2)],
    ['one more worker, agent start to Ready', `${figures.workerSeconds.toFixed(1)} s`],
    ['steps on other workers', String(figures.workerStepsOnOthers)],
    ['asking again', `${figures.againSeconds.toFixed(1)} s, ${figures.againSteps} steps applied`],
    ...Object.entries(figures.agent).map(([name, value]): [string, string] => [
      `agent: ${name}`,
      String(value),
    ]),
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(44)} ${value}`);
  console.log('\nwhere the time goes (seconds after the first join)');
  for (const span of figures.timeLine) {
    console.log(
      `${span.from.toFixed(1).padStart(6)} ${span.to.toFixed(1).padStart(6)}  ${span.node.padEnd(4)} ${span.goal}  ${span.slowest}`,
    );
  }
}
