// What cluster.yaml says arrives in the plans of the hosts it is said of: from a spec, through the
// real decide(), to the arguments of steps.
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { StepArgs, StepKind } from '../../../../shared/model/step.ts';
import { aCluster, aNode, aSpec, aView } from '../../../support/cluster-builders.ts';
import { PlanningWorld } from '../../../support/planning-world.ts';

const masters = [aNode('m1', 11), aNode('m2', 12), aNode('m3', 13)];
const workers = [aNode('w1', 21, { pool: 'workers' }), aNode('w2', 22, { pool: 'other' })];

const controlPlane = { name: 'control-plane', roles: ['etcd', 'control-plane'], size: 3 };
const workerPool = { name: 'workers', roles: ['worker'] };
const otherPool = { name: 'other', roles: ['worker'] };

/** The fleet installed, with the spec changed by `change`. */
function installed(change: object, nodes = [...masters, ...workers]): PlanningWorld {
  const pools = [controlPlane, workerPool, otherPool];
  const cluster = aCluster({ spec: aSpec({ pools, ...change }) });
  const world = new PlanningWorld([], aView(nodes, cluster));
  world.runAll();
  return world;
}

function argumentsOf<K extends StepKind>(
  world: PlanningWorld,
  node: string,
  kind: K,
): readonly StepArgs[K][] {
  const steps = world.plans
    .filter((plan) => plan.node === node)
    .flatMap(({ draft }) => draft.stages.flatMap((stage) => stage.steps));
  return steps.filter((step) => step.kind === kind).map((step) => step.args as StepArgs[K]);
}

function fileOf(world: PlanningWorld, node: string, path: string): string {
  const found = argumentsOf(world, node, 'write-file').find((file) => file.path === path);
  if (found === undefined) throw new Error(`${node} gets no ${path}`);
  return found.content;
}

const joinFile = '/etc/muster/kubeadm/join.yaml';
const kubeletFile = '/etc/kubernetes/kubelet.conf.d/10-muster.conf';

let plain: PlanningWorld;
beforeAll(() => {
  plain = installed({});
});

test('labels of the pool and of the host arrive at that host, and the host’s win', () => {
  const world = installed({
    pools: [controlPlane, { ...workerPool, labels: { tier: 'general', disk: 'slow' } }, otherPool],
    hosts: { w1: { labels: { disk: 'fast' } } },
  });
  const labelsOf = (node: string): unknown =>
    parse(fileOf(world, node, joinFile)).nodeRegistration.kubeletExtraArgs[1]?.value;
  expect(labelsOf('w1')).toBe('tier=general,disk=fast');
  expect(labelsOf('w2')).toBeUndefined();
});

test('taints of a pool arrive at its hosts', () => {
  const taints = [{ key: 'dedicated', value: 'batch', effect: 'NoSchedule' }];
  const world = installed({ pools: [controlPlane, { ...workerPool, taints }, otherPool] });
  const taintsOf = (node: string): unknown =>
    parse(fileOf(world, node, joinFile)).nodeRegistration.taints;
  expect(taintsOf('w1')).toEqual(taints);
  expect(taintsOf('w2')).toEqual([]);
});

test('kubelet settings of a pool win over those of the cluster, on its hosts alone', () => {
  const world = installed({
    pools: [controlPlane, { ...workerPool, kubelet: { maxPods: 50 } }, otherPool],
    kubelet: { maxPods: 120, podPidsLimit: 1000 },
  });
  const kubeletOf = (node: string): unknown => parse(fileOf(world, node, kubeletFile));
  expect(kubeletOf('w1')).toMatchObject({ maxPods: 50, podPidsLimit: 1000 });
  expect(kubeletOf('w2')).toMatchObject({ maxPods: 120, podPidsLimit: 1000 });
  expect(kubeletOf('m1')).toMatchObject({ maxPods: 120 });
});

test('mirrors stand before the coordinator in every artifact of every host, by digest', () => {
  const kinds = ['fetch-artifact', 'install-binary', 'unpack-archive', 'import-image'] as const;
  const artifactsOf = (mirrors: readonly string[]) => {
    const world = installed({ artifacts: { mirrors } });
    return ['m1', 'w1'].flatMap((node) =>
      kinds.map((kind) => argumentsOf(world, node, kind).map(({ artifact }) => artifact)),
    );
  };
  const one = artifactsOf(['http://one.example.org/muster/']);
  const two = artifactsOf(['http://one.example.org/muster/', 'http://two.example.org']);
  expect([...one, ...two].every((artifacts) => artifacts.length > 0)).toBe(true);
  for (const { mirrors, sha256 } of one.flat()) {
    expect(mirrors).toEqual([`http://one.example.org/muster/sha256/${sha256}`]);
  }
  for (const { mirrors, sha256 } of two.flat()) {
    expect(mirrors).toEqual([
      `http://one.example.org/muster/sha256/${sha256}`,
      `http://two.example.org/sha256/${sha256}`,
    ]);
  }
  expect(argumentsOf(plain, 'm1', 'fetch-artifact')[0]?.artifact).not.toHaveProperty('mirrors');
});

test('files, modules, sysctls and swap of the spec arrive at every host', () => {
  const world = installed({
    host: {
      swap: 'off',
      modules: ['nbd'],
      sysctls: { 'vm.max_map_count': '262144' },
      files: [{ path: '/etc/cron.d/scrub', content: '@weekly root scrub\n', mode: '0600' }],
    },
  });
  for (const node of ['m1', 'm2', 'w1']) {
    expect(argumentsOf(world, node, 'disable-swap')).toHaveLength(1);
    expect(argumentsOf(world, node, 'load-kernel-modules')[0]?.modules).toContain('nbd');
    expect(argumentsOf(world, node, 'set-sysctls')[0]?.values).toMatchObject({
      'vm.max_map_count': '262144',
    });
    expect(argumentsOf(world, node, 'write-file')).toContainEqual({
      path: '/etc/cron.d/scrub',
      content: '@weekly root scrub\n',
      mode: 0o600,
    });
  }
  expect(argumentsOf(plain, 'm1', 'disable-swap')).toEqual([]);
});

test('join credentials name the endpoint that nodes use', () => {
  const external = installed({ controlPlane: { endpoint: { address: 'vip.example.org:8443' } } });
  const serversOf = (world: PlanningWorld): ReadonlySet<string> =>
    new Set(argumentsOf(world, 'm1', 'create-join-credentials').map(({ server }) => server));
  expect(serversOf(plain)).toEqual(new Set(['https://127.0.0.1:9443']));
  expect(serversOf(external)).toEqual(new Set(['https://vip.example.org:8443']));
});

test('the keys that masters share go to masters alone', () => {
  const credentials = argumentsOf(plain, 'm1', 'create-join-credentials');
  const filesOf = (consumer: string): readonly string[] =>
    credentials.find((entry) => entry.consumer === consumer)?.files ?? ['none made'];
  expect(filesOf('m2')).toContain('/etc/kubernetes/pki/ca.key');
  expect(filesOf('w1')).toEqual([]);
});

test('an address that the spec gives a host is the one all parts use', () => {
  const world = installed({ hosts: { m2: { nodeAddress: '192.168.8.12' } } }, [
    masters[0]!,
    aNode('m2', 12, {
      facts: {
        addresses: ['192.168.7.12', '192.168.8.12'].map((address, card) => ({
          interface: `eth${card}`,
          address,
          prefix: 24,
          family: 'ipv4',
        })),
      },
    }),
    masters[2]!,
  ]);
  expect(fileOf(world, 'm1', '/etc/muster/api-proxy/nginx.conf')).toContain('192.168.8.12:6443');
  expect(fileOf(world, 'm1', '/etc/muster/kubeadm/init.yaml')).toContain('192.168.8.12:2379');
  expect(fileOf(world, 'm2', joinFile)).toContain('advertiseAddress: 192.168.8.12');
  const everything = JSON.stringify(world.plans);
  expect(everything).toContain('m2=https://192.168.8.12:2380');
  expect(everything).not.toContain('192.168.7.12');
});

test('each etcd member has certificates for its own address and name', () => {
  const names = argumentsOf(plain, 'm2', 'request-certificate').map((args) => [
    args.profile,
    args.commonName,
    args.names,
  ]);
  const own = ['192.168.7.12', '127.0.0.1', 'localhost', 'm2'];
  expect(names).toEqual([
    ['etcd-client', 'm2', []],
    ['etcd-peer', 'm2', own],
    ['etcd-server', 'm2', own],
  ]);
  expect(argumentsOf(plain, 'w1', 'request-certificate')).toEqual([]);
});

test('a worker gets neither etcd nor kubectl nor the images of the control plane', () => {
  const fetched = (node: string): readonly string[] =>
    argumentsOf(plain, node, 'fetch-artifact').map(({ artifact }) => artifact.name);
  const ofMasters = ['etcd', 'kubectl', 'image-kube-apiserver', 'image-kube-scheduler'];
  expect(fetched('m1')).toEqual(expect.arrayContaining(ofMasters));
  for (const name of ofMasters) expect(fetched('w1')).not.toContain(name);
});
