// The truth after the install, on real hosts: what can happen to a living cluster is made to happen,
// and has to be named by `get nodes`, by `explain` and by the exit code of `wait --for healthy`, and be
// gone again, each within half a minute.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, type FleetHost, until } from '../lab/fleet.ts';
import { startHolder } from '../lab/run.ts';
import { openTestFleet } from '../lab/test-fleet.ts';

const hosts: readonly FleetHost[] = [
  { name: 'm1', pool: 'control-plane' },
  { name: 'm2', pool: 'control-plane' },
  { name: 'm3', pool: 'control-plane' },
  { name: 'w1', pool: 'workers' },
];
const limitMs = 30_000;
const serveAhead = join(import.meta.dirname, '../support/serve-ahead.ts');

let fleet: Fleet;
const log = (line: string): void => console.log(`  ${line}`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Runs a shell line on a host; it has to succeed. */
async function on(host: string, line: string): Promise<void> {
  const ran = await fleet.lab.exec(host, ['sh', '-c', line], { timeoutMs: 60_000 });
  if (ran.exitCode !== 0) throw new Error(`${host}: ${line}: ${ran.stderr}`);
}

interface Seen {
  readonly nodes: string;
  readonly explain: string;
  readonly waited: { readonly exitCode: number; readonly stderr: string };
}

/** What an operator sees who types the three commands now. */
async function look(): Promise<Seen> {
  const [nodes, explain, waited] = await Promise.all([
    fleet.must(['get', 'nodes', '-o', 'wide']),
    fleet.must(['explain']),
    fleet.coordinator(['wait', '--for', 'healthy', '--timeout', '0']),
  ]);
  return { nodes, explain, waited };
}

interface Named {
  /** The row of `get nodes` of the host. */
  readonly row: RegExp;
  /** Every one has to be in `explain` and among what `wait` says. */
  readonly said: readonly RegExp[];
}

const isNamed = ({ nodes, explain, waited }: Seen, { row, said }: Named): boolean =>
  nodes.split('\n').some((line) => row.test(line)) &&
  said.every((words) => words.test(explain) && words.test(waited.stderr)) &&
  waited.exitCode === 124;

/** Makes it happen, sees it named, ends it, sees it gone; each within the limit. */
async function happens(
  what: string,
  event: Named & { readonly make: () => Promise<void>; readonly end: () => Promise<void> },
): Promise<void> {
  const made = Date.now();
  await event.make();
  let seen = await look();
  try {
    while (!isNamed(seen, event) && Date.now() - made < limitMs) seen = await look();
    const namedMs = Date.now() - made;
    expect(isNamed(seen, event), `${seen.nodes}\n${seen.explain}\n${seen.waited.stderr}`).toBe(
      true,
    );
    log(`${what}: named after ${seconds(namedMs)}`);
    expect(namedMs).toBeLessThan(limitMs);
  } finally {
    await event.end();
  }
  const ended = Date.now();
  const gone = await fleet.coordinator(['wait', '--for', 'healthy', '--timeout', '30s']);
  log(`${what}: gone after ${seconds(Date.now() - ended)}`);
  expect(gone.exitCode, gone.stderr).toBe(0);
  const after = await look();
  expect(after.explain).toMatch(
    /^everything is as it should be, as measured at most \d+s ago: nothing waits/,
  );
}

beforeAll(async () => {
  fleet = await openTestFleet({ lab: 'health', masters: 3, log });
  await fleet.bootHosts(hosts);
  const isOver = async (): Promise<boolean> =>
    (await fleet.plans()).some(
      (plan) => plan.goal === 'run the smoke test' && plan.state === 'done',
    );
  await until(isOver, { what: 'the smoke test', timeoutMs: 480_000, everyMs: 500 });
  await fleet.must(['wait', '--for', 'healthy', '--timeout', '30s']);
});

afterAll(async () => {
  await fleet?.lab.down();
});

describe('a cluster of three masters and a worker', () => {
  test('is healthy after its install, and everything is as it should be', async () => {
    const { nodes, explain, waited } = await look();
    expect(nodes.match(/^\S+ +\S+ +ready /gm)).toHaveLength(hosts.length);
    expect(explain).toMatch(/^everything is as it should be, as measured/);
    expect(waited.exitCode).toBe(0);
    const [cluster = ''] = (await fleet.must(['get', 'clusters'])).split('\n').slice(1);
    expect(cluster).toMatch(/ ready +healthy +4\/4 +3\/3 /);
  });

  test('a host that is switched off is away', async () => {
    await happens('host switched off', {
      make: () => fleet.lab.stop('w1'),
      end: () => fleet.lab.start('w1'),
      row: /^w1 .* away /,
      said: [/w1 is away: its agent does not call .* Kubernetes moves its pods/],
    });
  });

  test('a kubelet that was killed for good', async () => {
    const unit = '/etc/systemd/system/kubelet.service';
    await happens('kubelet killed for good', {
      make: () =>
        on(
          'w1',
          `mv ${unit} /root/ && ln -s /dev/null ${unit} && systemctl daemon-reload && systemctl kill -s KILL kubelet.service`,
        ),
      end: () =>
        on(
          'w1',
          `rm ${unit} && mv /root/kubelet.service ${unit} && systemctl daemon-reload && systemctl start kubelet.service`,
        ),
      row: /^w1 .* not ready /,
      said: [/w1 has no kubelet\.service \(masked\).*nothing is started, stopped or probed there/],
    });
  });

  test('a kubelet that hangs', async () => {
    await happens('kubelet stopped in its tracks', {
      make: () => on('w1', 'systemctl kill -s STOP kubelet.service'),
      end: () => on('w1', 'systemctl kill -s CONT kubelet.service'),
      row: /^w1 .* not ready /,
      said: [/w1 has a kubelet that runs and does not answer \(no answer within 4 s\)/],
    });
  });

  test('an etcd member that is stopped, with what it means for the quorum', async () => {
    await happens('etcd member stopped', {
      make: () => on('m2', 'systemctl stop etcd.service'),
      end: () => on('m2', 'systemctl start etcd.service'),
      row: /^m2 .* degraded /,
      said: [
        /m2 does not run etcd\.service \(inactive\)/,
        /lab has 2 of 3 etcd members \(without m2\); it needs 2: one more lost stops the cluster/,
      ],
    });
  });

  test('a node that turned NotReady', async () => {
    const config = '/etc/cni/net.d/10-flannel.conflist';
    await happens('node NotReady', {
      make: () => on('w1', `mv ${config} /root/`),
      // Written anew and not renamed: containerd does not see a rename into its folder.
      end: () => on('w1', `cp /root/10-flannel.conflist ${config}`),
      row: /^w1 .* not ready /,
      said: [/w1 is not Ready in Kubernetes \(KubeletNotReady: .*cni plugin not initialized/],
    });
  });

  test('containerd that is stopped', async () => {
    await happens('containerd stopped', {
      make: () => on('w1', 'systemctl stop containerd.service'),
      end: () => on('w1', 'systemctl start containerd.service'),
      row: /^w1 .* not ready /,
      said: [/w1 does not run containerd\.service \(inactive\); pods that run go on/],
    });
  });

  test('certificates near their end, when the clock of the check has moved on', async () => {
    let ahead: Awaited<ReturnType<typeof startHolder>> | null = null;
    await happens('certificates near their end', {
      make: async () => {
        await fleet.endCoordinator('SIGTERM');
        const program = [process.execPath, serveAhead, fleet.dataDir, '340'];
        ahead = await startHolder(fleet.lab.inFabric(program));
      },
      end: async () => {
        await ahead?.release();
        await fleet.startCoordinator();
        // They were being renewed, one master after the other: the one that had begun ends.
        await until(
          async () =>
            (await fleet.plans()).every(
              ({ goal, state }) =>
                goal !== 'renew certificates' || !['issued', 'accepted'].includes(state),
            ),
          { what: 'the renewal that had begun to end', timeoutMs: 120_000, everyMs: 500 },
        );
      },
      row: /^m1 .* degraded /,
      said: [
        /m1 has \d+ certificates near their end: the first, \/etc\/kubernetes\/\S+, ends on \d{4}-\d\d-\d\d, in 2\d days; with it the control plane/,
        /m3 has \d+ certificates near their end: .*; with it the etcd member/,
        /w1 has a certificate near its end: \/var\/lib\/kubelet\/pki\/kubelet-client-current\.pem ends on/,
      ],
    });
  });

  test('two masters off are one fact about the quorum, and the way back is told', async () => {
    const made = Date.now();
    await Promise.all(['m2', 'm3'].map((name) => fleet.lab.stop(name)));
    const lost: Named = {
      row: /^m3 .* away /,
      said: [
        /m2 is away/,
        /m3 is away/,
        /lab has 1 of 3 etcd members \(without m[23], m[23]\), and needs 2; the cluster takes no change/,
      ],
    };
    await until(async () => isNamed(await look(), lost), {
      what: 'the lost quorum to be named',
      timeoutMs: limitMs,
    });
    log(`quorum lost: named after ${seconds(Date.now() - made)}`);
    const started = Date.now();
    for (const name of ['m2', 'm3']) await fleet.lab.start(name);
    // Two API servers start on one small machine: this takes what it takes.
    const gone = await fleet.coordinator(['wait', '--for', 'healthy', '--timeout', '3m']);
    log(`quorum lost: gone after ${seconds(Date.now() - started)}`);
    expect(gone.exitCode, gone.stderr).toBe(0);
  });
});
