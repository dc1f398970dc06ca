// The main job, on real hosts: three masters and two workers become a real Kubernetes cluster while
// agents and the coordinator are killed; then a worker is added, a master stopped, and everything
// asked for again.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, type FleetHost, type PlanRow, until } from '../lab/fleet.ts';
import { armKills, killsOn } from '../lab/host/killer.ts';
import { tryRun } from '../lab/run.ts';
import { openTestFleet } from '../lab/test-fleet.ts';
import { seeded } from '../support/seeded.ts';

const hosts: readonly FleetHost[] = [
  { name: 'm1', pool: 'control-plane' },
  { name: 'm2', pool: 'control-plane' },
  { name: 'm3', pool: 'control-plane' },
  { name: 'w1', pool: 'workers' },
  { name: 'w2', pool: 'workers' },
];

/** Every kubeadm phase of the first master and of a further one. */
const initPhases = [
  'init-certs-ca',
  'init-certs-apiserver',
  'init-kubeconfig-all',
  'init-control-plane-all',
  'init-kubelet-start',
  'init-upload-config-all',
  'init-addon-all',
];
const joinPhases = [
  'join-control-plane-prepare-certs',
  'join-control-plane-prepare-kubeconfig',
  'join-control-plane-prepare-control-plane',
  'join-kubelet-start',
  'join-control-plane-join-mark-control-plane',
];
/** Steps that start a process: the killer sees no other. */
const anywhere = [
  'import-nginx',
  'containerd',
  'import-kube-proxy',
  'api-proxy',
  'join-kubelet-start',
];

const seed = Number(process.env['MUSTER_SEED'] ?? Date.now() % 1_000_000);

const cli = join(import.meta.dirname, '../lab/cli.ts');

let fleet: Fleet;
const log = (line: string): void => console.log(`  ${line}`);

async function readyNodes(): Promise<readonly string[]> {
  const { stdout } = await fleet.kubectl(['get', 'nodes', '--no-headers']);
  return stdout
    .split('\n')
    .filter((line) => / Ready /.test(line))
    .map((line) => line.split(' ')[0] ?? '');
}

async function smokeTestIsOver(): Promise<boolean> {
  const plans = await fleet.plans();
  return plans.some((plan) => plan.goal === 'run the smoke test' && plan.state === 'done');
}

beforeAll(async () => {
  console.log(`seed ${seed} (MUSTER_SEED=${seed} repeats the kill points)`);
  fleet = await openTestFleet({ lab: 'e2e', masters: 3, log });
});

afterAll(async () => {
  await fleet?.lab.down();
});

describe('three masters and two workers', () => {
  test('become a cluster although agents and the coordinator are killed on the way', async () => {
    const random = seeded(seed);
    await fleet.bootHosts(hosts);
    // Whoever is first becomes the first master: each is armed for both.
    for (const name of ['m1', 'm2', 'm3']) {
      await armKills(fleet.lab, name, [...initPhases, ...joinPhases]);
    }
    for (const name of ['w1', 'w2']) {
      const step = anywhere[Math.floor(random() * anywhere.length)] ?? 'containerd';
      await armKills(fleet.lab, name, [step]);
      log(`armed ${name}: ${step}`);
    }
    const goals = ['prepare host', 'start control plane', 'join control plane'];
    for (const goal of goals) {
      const began = async (): Promise<boolean> =>
        (await fleet.plans()).some((plan) => plan.goal === goal && plan.acceptedMs !== null);
      await until(began, { what: `"${goal}" to begin`, timeoutMs: 240_000, everyMs: 100 });
      await new Promise((resolve) => setTimeout(resolve, random() * 1500));
      await fleet.endCoordinator('SIGKILL');
      log(`killed the coordinator in "${goal}"`);
      await fleet.startCoordinator();
    }
    await until(smokeTestIsOver, { what: 'the smoke test', timeoutMs: 420_000, everyMs: 500 });
    await fleet.must(['kubeconfig', '-o', fleet.kubeconfig]);
    expect([...(await readyNodes())].sort()).toEqual(['m1', 'm2', 'm3', 'w1', 'w2']);
  });

  test('the agents were really killed in the middle of kubeadm’s phases', async () => {
    const kills = new Map<string, readonly string[]>();
    for (const { name } of hosts) kills.set(name, await killsOn(fleet.lab, name));
    for (const [name, steps] of kills) log(`killed on ${name} in: ${steps.join(', ')}`);
    const all = new Set([...kills.values()].flat());
    // One that ran beside another may have ended while its agent was dead, and is never begun again.
    const missed = [...initPhases, ...joinPhases].filter((phase) => !all.has(phase));
    expect(missed.length, `not hit: ${missed.join(', ')}`).toBeLessThanOrEqual(2);
    expect([...kills.values()].flat().length).toBeGreaterThanOrEqual(10);
  });

  test('a killed step is taken up where it was: no phase has two units at once and none failed', async () => {
    const plans = await fleet.plans();
    const failed = plans.filter((plan) => plan.state === 'failed');
    const why = failed.map((plan) => `${plan.nodeName}: ${plan.goal}: ${plan.error?.message}`);
    expect(why).toEqual([]);
  });

  test('etcd has three members that speak TLS with certificates of their own', async () => {
    const etcdctl = [
      '/usr/local/bin/etcdctl',
      '--endpoints=https://127.0.0.1:2379',
      '--cacert=/etc/kubernetes/pki/etcd/ca.crt',
      '--cert=/etc/kubernetes/pki/apiserver-etcd-client.crt',
      '--key=/etc/kubernetes/pki/apiserver-etcd-client.key',
    ];
    const members = await fleet.lab.exec('m1', [...etcdctl, 'member', 'list']);
    expect(members.stdout.trim().split('\n')).toHaveLength(3);
    expect(members.stdout).not.toContain('http://');
    const stranger = await fleet.lab.exec('m1', [
      'curl',
      '-sk',
      '-m',
      '3',
      'https://127.0.0.1:2379/version',
    ]);
    expect(stranger.exitCode).not.toBe(0);
    const path = '/var/lib/muster-agent/etcd-snapshots/first.db';
    const keepers = await Promise.all(
      ['m1', 'm2', 'm3'].map((name) => fleet.lab.exec(name, ['test', '-s', path])),
    );
    expect(keepers.filter((keeper) => keeper.exitCode === 0)).toHaveLength(1);
  });

  test('no key of a certificate authority is on a worker, and no join token is left on any host', async () => {
    const keys = await fleet.lab.exec('w1', [
      'sh',
      '-c',
      'ls /etc/kubernetes/pki/*.key /etc/kubernetes/admin.conf 2>/dev/null || true',
    ]);
    expect(keys.stdout).toBe('');
    for (const { name } of hosts) {
      const left = await fleet.lab.exec(name, [
        'sh',
        '-c',
        'ls /etc/muster/join-token /etc/kubernetes/muster-discovery.conf 2>/dev/null || true',
      ]);
      expect(left.stdout).toBe('');
    }
    // kubeadm's own, one for each time that its phase was begun: of a group that may do nothing.
    const { stdout } = await fleet.kubectl([
      ...['get', 'secrets', '-n', 'kube-system'],
      ...['--field-selector', 'type=bootstrap.kubernetes.io/token'],
      ...['-o', 'jsonpath={range .items[*]}{.data.auth-extra-groups}{"\\n"}{end}'],
    ]);
    const groups = stdout.split('\n').filter(Boolean);
    for (const group of groups) {
      const name = Buffer.from(group, 'base64').toString('utf8');
      expect(name).toBe('system:bootstrappers:muster:nobody');
    }
  });

  test('asking for the same again applies nothing', async () => {
    const changed = (plans: readonly PlanRow[]): number =>
      plans.reduce((sum, plan) => sum + plan.changedSteps, 0);
    // What the install left to be done is not what asking again does.
    const isOver = ({ state }: PlanRow): boolean => !['issued', 'accepted'].includes(state);
    const areOver = async (): Promise<boolean> => (await fleet.plans()).every(isOver);
    await until(areOver, { what: 'running plans to end', timeoutMs: 60_000 });
    const before = await fleet.plans();
    expect(await fleet.apply(`${fleet.lab.directory}/cluster.yaml`)).toContain('unchanged');
    await fleet.endCoordinator('SIGTERM');
    await fleet.startCoordinator();
    const polled = async (): Promise<boolean> =>
      (await fleet.nodes()).every((node) => node.phase === 'ready');
    await until(polled, { what: 'every agent to call again', timeoutMs: 60_000 });
    const after = await fleet.plans();
    expect(changed(after)).toBe(changed(before));
    expect(after.length).toBe(before.length);
  });

  test('a new host becomes a Ready worker by itself, with no step on others but its credentials', async () => {
    const before = await fleet.plans();
    const known = new Set(before.map((plan) => plan.planId));
    await fleet.bootHosts([{ name: 'w3', pool: 'workers' }]);
    const isReady = async (): Promise<boolean> => (await readyNodes()).includes('w3');
    await until(isReady, { what: 'w3 to be Ready', timeoutMs: 240_000 });
    const joined = async (): Promise<boolean> =>
      (await fleet.plans()).some(
        (plan) => plan.nodeName === 'w3' && plan.goal === 'join as worker' && plan.state === 'done',
      );
    await until(joined, { what: 'its join to be done', timeoutMs: 60_000 });
    const fresh = (await fleet.plans()).filter(
      (plan) => !known.has(plan.planId) && plan.nodeName !== 'w3',
    );
    expect(fresh.map((plan) => plan.goal)).toEqual(['create join credentials for w3']);
  });

  test('the API answers through every worker’s proxy and a pod lives on while a master is off', async () => {
    await fleet.kubectl(['create', 'namespace', 'survivor']);
    const image = 'registry.k8s.io/e2e-test-images/agnhost';
    const { stdout: found } = await fleet.lab.exec('w1', [
      '/usr/local/bin/ctr',
      '-n',
      'k8s.io',
      'images',
      'ls',
      '-q',
    ]);
    const reference = found.split('\n').find((line) => line.startsWith(image)) ?? image;
    const overrides = JSON.stringify({ spec: { nodeName: 'w1' } });
    await fleet.kubectl([
      'run',
      'survivor',
      '-n',
      'survivor',
      `--image=${reference}`,
      '--image-pull-policy=Never',
      `--overrides=${overrides}`,
      '--',
      'netexec',
      '--http-port=8080',
    ]);
    const podIp = async (): Promise<string> =>
      (
        await fleet.kubectl([
          'get',
          'pod',
          'survivor',
          '-n',
          'survivor',
          '-o',
          'jsonpath={.status.podIP}',
        ])
      ).stdout;
    await until(async () => (await podIp()) !== '', { what: 'the pod', timeoutMs: 60_000 });
    const address = await podIp();

    await fleet.lab.stop('m1');
    for (const worker of ['w1', 'w2', 'w3']) {
      const answers = async (): Promise<boolean> => {
        const { stdout } = await fleet.lab.exec(worker, [
          'curl',
          '-sk',
          '-m',
          '5',
          'https://127.0.0.1:9443/readyz',
        ]);
        return stdout === 'ok';
      };
      await until(answers, { what: `the API through the proxy of ${worker}`, timeoutMs: 60_000 });
    }
    const hello = await fleet.lab.exec('w2', [
      'curl',
      '-s',
      '-m',
      '5',
      `http://${address}:8080/hostname`,
    ]);
    expect(hello.stdout).toBe('survivor');

    const beganMs = Date.now();
    const nodes = await tryRun(['node', cli, '--lab', 'e2e', 'kubectl', 'get', 'nodes']);
    expect(nodes).toMatchObject({ exitCode: 0, stderr: '' });
    expect(nodes.stdout).toContain('m2 ');
    // A kubectl that asks the master that is off hangs for half a minute.
    expect(Date.now() - beganMs).toBeLessThan(20_000);

    await fleet.lab.start('m1');
    const isBack = async (): Promise<boolean> =>
      (await fleet.nodes()).every((node) => node.phase === 'ready');
    await until(isBack, { what: 'm1 to be back', timeoutMs: 240_000 });
    await until(async () => (await readyNodes()).length === 6, {
      what: 'six Ready nodes',
      timeoutMs: 240_000,
    });
  });
});
