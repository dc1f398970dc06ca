// The figures of changes of a living cluster: an upgrade of five hosts and a change of kube-proxy's mode,
// with a client of the API and one of a service that count every request; and what an upgrade of a
// thousand hosts costs the coordinator's decisions (`--simulated` does only that).
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Document, parseDocument } from 'yaml';
import { type Counted, startClients } from '../lab/clients.ts';
import { type Fleet, until } from '../lab/fleet.ts';
import { openTestFleet } from '../lab/test-fleet.ts';
import { simulateUpgrade } from './simulated-upgrade.ts';

interface Change {
  readonly seconds: number;
  readonly api: Counted;
  readonly service: Counted;
  readonly parts: readonly string[];
}

const names = ['m1', 'm2', 'm3', 'w1', 'w2'];

export async function measureUpgrade(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'string' },
      simulated: { type: 'boolean' },
      hosts: { type: 'string' },
    },
  });
  const simulated = simulateUpgrade(Number(values.hosts ?? 1_000));
  console.log(
    `an upgrade of ${simulated.hosts} hosts, simulated: ${simulated.turns} turns, ${simulated.plans} plans, a turn ${simulated.meanMs.toFixed(1)} ms (slowest ${simulated.slowestMs.toFixed(1)}), ${simulated.perSecond.toFixed(0)} decisions a second, heap ${simulated.heapMiB} MiB`,
  );
  const real = values.simulated === true ? null : await onRealHosts();
  const figures = { simulated, ...real };
  await writeFile(values.json ?? 'bench-upgrade.json', `${JSON.stringify(figures, null, 2)}\n`);
}

async function onRealHosts(): Promise<{ readonly upgrade: Change; readonly proxyMode: Change }> {
  const log = (line: string): void => console.error(line);
  const fleet = await openTestFleet({ lab: 'bench', masters: 3, kubernetes: 'v1.36.4', log });
  try {
    await fleet.bootHosts(
      names.map((name) => ({ name, pool: name.startsWith('m') ? 'control-plane' : 'workers' })),
    );
    const isOver = async (): Promise<boolean> =>
      (await fleet.plans()).some(
        (plan) => plan.goal === 'run the smoke test' && plan.state === 'done',
      );
    await until(isOver, { what: 'the smoke test', timeoutMs: 600_000, everyMs: 500 });
    await fleet.must(['kubeconfig', '-o', fleet.kubeconfig]);
    const upgrade = await change(fleet, 'v1.36.4 → v1.37.1', (document) => {
      document.setIn(['spec', 'kubernetes', 'version'], 'v1.37.1');
      document.setIn(['spec', 'rollout'], { canary: 1, maxUnavailable: 1, soak: '0s' });
    });
    const proxyMode = await change(fleet, 'nftables → iptables', (document) => {
      document.setIn(['spec', 'network', 'proxyMode'], 'iptables');
    });
    return { upgrade, proxyMode };
  } finally {
    await fleet.lab.down();
  }
}

async function change(
  fleet: Fleet,
  what: string,
  edit: (document: Document) => void,
): Promise<Change> {
  const clients = await startClients(fleet, 'w1');
  const known = new Set((await fleet.plans()).map(({ planId }) => planId));
  const path = join(fleet.lab.directory, 'cluster.yaml');
  const document = parseDocument(await readFile(path, 'utf8'));
  edit(document);
  await writeFile(path, document.toString({ lineWidth: 0 }));
  const began = Date.now();
  await fleet.apply(path);
  await fleet.must(['rollout', 'status', '--timeout', '20m'], { timeoutMs: 1_300_000 });
  const seconds = (Date.now() - began) / 1000;
  const { api, service } = await clients.stop();
  const plans = (await fleet.plans()).filter(({ planId }) => !known.has(planId));
  const parts = plans.map(
    ({ nodeName, goal, issuedMs, finishedMs }) =>
      `${((issuedMs - began) / 1000).toFixed(1).padStart(6)} ${((finishedMs ?? issuedMs) - issuedMs) / 1000} s  ${nodeName}  ${goal}`,
  );
  console.log(`${what}: ${seconds.toFixed(1)} s`);
  for (const part of parts) console.log(`  ${part}`);
  for (const [name, counted] of Object.entries({ api, service })) {
    const { requests, failed, lost, seen } = counted;
    console.log(
      `  ${name}: ${requests} requests, ${failed} failed, ${lost} lost ${JSON.stringify(seen)}`,
    );
  }
  return { seconds, api, service, parts };
}
