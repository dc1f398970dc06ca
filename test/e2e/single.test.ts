// The small topology, one control-plane host with etcd and one worker, on the older version of
// Kubernetes that the lab builds: what differs between the two has to be told apart.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, until } from '../lab/fleet.ts';
import { type RunResult, tryRun } from '../lab/run.ts';
import { openTestFleet } from '../lab/test-fleet.ts';

const cli = join(import.meta.dirname, '../lab/cli.ts');
const kubernetes = 'v1.36.4';
let fleet: Fleet;

beforeAll(async () => {
  fleet = await openTestFleet({
    lab: 'single',
    masters: 1,
    kubernetes,
    log: (line) => console.log(`  ${line}`),
  });
});

afterAll(async () => {
  await fleet?.lab.down();
});

test('one master and one worker become a cluster whose smoke test passes', async () => {
  await fleet.bootHosts([
    { name: 'm1', pool: 'control-plane' },
    { name: 'w1', pool: 'workers' },
  ]);
  const isOver = async (): Promise<boolean> =>
    (await fleet.plans()).some(
      (plan) => plan.goal === 'run the smoke test' && plan.state === 'done',
    );
  await until(isOver, { what: 'the smoke test', timeoutMs: 420_000, everyMs: 500 });
  await fleet.must(['kubeconfig', '-o', fleet.kubeconfig]);
  const { stdout } = await fleet.kubectl(['get', 'nodes', '--no-headers']);
  expect(stdout.match(/ Ready /g)).toHaveLength(2);
  const versions = [...stdout.matchAll(/ (v1\.\d+\.\d+)$/gm)].map(([, version]) => version);
  expect(versions).toEqual([kubernetes, kubernetes]);
  const images = await fleet.kubectl([
    ...['get', 'pods', '-n', 'kube-system'],
    ...['-o', 'jsonpath={.items[*].spec.containers[*].image}'],
  ]);
  const official = images.stdout.split(' ').filter((name) => name.startsWith('registry.k8s.io/'));
  expect(new Set(official)).toEqual(
    new Set([
      `registry.k8s.io/kube-apiserver:${kubernetes}`,
      `registry.k8s.io/kube-controller-manager:${kubernetes}`,
      `registry.k8s.io/kube-scheduler:${kubernetes}`,
      `registry.k8s.io/kube-proxy:${kubernetes}`,
      // What kubeadm of that version asks for.
      'registry.k8s.io/coredns/coredns:v1.14.2',
    ]),
  );
});

test('the lab’s command line hands words, stdin and exit codes to what it runs', async () => {
  const lab = (argv: readonly string[], stdin?: string): Promise<RunResult> =>
    tryRun(['node', cli, '--lab', 'single', ...argv], stdin === undefined ? {} : { stdin });
  const nodes = await lab(['coordinator', 'get', 'nodes', '-o', 'json']);
  expect(JSON.parse(nodes.stdout)).toMatchObject({ items: [{ name: 'm1' }, { name: 'w1' }] });
  const spec = await readFile(join(fleet.lab.directory, 'cluster.yaml'), 'utf8');
  expect(await lab(['coordinator', 'apply', '-f', '-'], spec)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('cluster/lab unchanged'),
  });
  expect(await lab(['coordinator', 'get', 'trees'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('there is no kind "trees"'),
  });
  expect((await lab(['coordinator', '-h'])).stdout).toContain('Usage: coordinator');
  expect((await lab(['kubectl', 'version', '-o', 'json'])).stdout).toContain(kubernetes);
  expect(await lab(['exec', 'w1', '--', 'sh', '-c', 'cat; exit 7'], 'question')).toMatchObject({
    exitCode: 7,
    stdout: 'question',
  });
  expect(await lab(['exec', 'w9', '--', 'true'])).toMatchObject({
    exitCode: 4,
    stderr: 'lab single has no host w9; it has m1, w1\n',
  });
});
