// The small topology, one control-plane host with etcd and one worker, on the older version of
// Kubernetes that the lab builds: what differs between the two has to be told apart.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, until } from '../lab/fleet.ts';
import { openTestFleet } from '../lab/test-fleet.ts';

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
  await until(isOver, { what: 'the smoke test', timeoutMs: 180_000, everyMs: 500 });
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
