// The small topology, one control-plane host with etcd and one worker, on the older version of
// Kubernetes that the lab builds: what differs between the two has to be told apart.
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isMap, isSeq, parseDocument } from 'yaml';
import type { SnapshotDocument } from '../../coordinator/operator/documents.ts';
import { type Fleet, until } from '../lab/fleet.ts';
import { type RunResult, tryRun } from '../lab/run.ts';
import { openTestFleet } from '../lab/test-fleet.ts';
import { makeRequest } from '../support/kube-pki.ts';

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

const keptOnHost = '/root/kept.conf';

/** They are on the host for the seconds of the join alone. */
async function keepJoinCredentials(name: string): Promise<void> {
  const script = `until cp /etc/kubernetes/muster-discovery.conf ${keptOnHost} 2>/dev/null; do sleep 0.05; done`;
  const unit = ['systemd-run', '--quiet', '--collect', 'sh', '-c', script];
  expect(await fleet.lab.exec(name, unit)).toMatchObject({ exitCode: 0 });
}

test('one master and one worker become a cluster whose smoke test passes', async () => {
  await fleet.bootHosts([
    { name: 'm1', pool: 'control-plane' },
    { name: 'w1', pool: 'workers' },
  ]);
  await keepJoinCredentials('w1');
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

test('what a worker joined with lets it become no other node', async () => {
  const kept = join(fleet.lab.directory, 'kept.conf');
  const { stdout } = await fleet.lab.exec('w1', ['cat', keptOnHost]);
  await writeFile(kept, stdout, { mode: 0o600 });
  const server = `https://${await fleet.lab.addressOf('m1')}:6443`;
  const asJoining = async (args: readonly string[], stdin = ''): Promise<RunResult> =>
    await fleet.kubectl([...args, '--kubeconfig', kept, '--context', 'join', '--server', server], {
      stdin,
    });
  const ask = async (name: string, node: string): Promise<RunResult> => {
    const request = await makeRequest(`O=system:nodes,CN=system:node:${node}`);
    const spec = {
      request: Buffer.from(request).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
    };
    const body = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec,
    };
    return await asJoining(['create', '-f', '-'], JSON.stringify(body));
  };
  const signed = async (name: string): Promise<boolean> =>
    (await fleet.kubectl(['get', 'csr', name, '-o', 'jsonpath={.status.certificate}'])).stdout !==
    '';
  // The credentials are good: the host’s own name is signed, and its own node is read.
  expect(await ask('own-name', 'w1')).toMatchObject({ exitCode: 0 });
  await until(() => signed('own-name'), { what: 'w1’s own name', timeoutMs: 30_000 });
  expect(await asJoining(['get', 'node', 'w1'])).toMatchObject({ exitCode: 0 });
  const forbidden = { exitCode: 1, stderr: expect.stringContaining('orbidden') };
  expect(await ask('other-name', 'm1')).toMatchObject(forbidden);
  expect(await ask('new-name', 'w7')).toMatchObject(forbidden);
  expect(await asJoining(['get', 'node', 'm1'])).toMatchObject(forbidden);
  expect(await asJoining(['get', 'secrets', '-n', 'kube-system'])).toMatchObject(forbidden);
});

test('there is no bootstrap token that could have a kubelet’s certificate signed', async () => {
  const { stdout } = await fleet.kubectl([
    ...['get', 'secrets', '-n', 'kube-system'],
    ...['--field-selector', 'type=bootstrap.kubernetes.io/token'],
    ...['-o', 'jsonpath={.items[*].data.auth-extra-groups}'],
  ]);
  const groups = stdout.split(' ').filter((text) => text !== '');
  const inClear = groups.map((text) => Buffer.from(text, 'base64').toString());
  // Of kubeadm’s own token, for the minute that it lives.
  expect(inClear.filter((group) => group !== 'system:bootstrappers:muster:nobody')).toEqual([]);
});

test('the worker’s kubelet has a certificate of its own that it renews', async () => {
  const pem = '/var/lib/kubelet/pki/kubelet-client-current.pem';
  const config = await fleet.lab.exec('w1', ['cat', '/etc/kubernetes/kubelet.conf']);
  expect(config.stdout).toContain(`client-certificate: ${pem}`);
  const { stdout } = await fleet.lab.exec('w1', ['cat', pem]);
  const certificate = new X509Certificate(stdout);
  expect(certificate.subject).toContain('CN=system:node:w1');
  const lifeMs = Date.parse(certificate.validTo) - Date.now();
  expect(lifeMs).toBeGreaterThan(300 * 24 * 3600_000);
  const left = await fleet.lab.exec('w1', ['ls', '/etc/kubernetes/bootstrap-kubelet.conf']);
  expect(left.exitCode).not.toBe(0);
});

test('etcd is saved, sealed, copied, opened again and defragmented', async () => {
  const key = join(fleet.lab.directory, 'recovery.key');
  const made = await fleet.must(['recovery-key', 'create', '--out', key]);
  const fingerprint = made.trim();
  const saved = await fleet.must(['etcd', 'snapshot']);
  expect(saved).toMatch(/^snapshot \S+ of revision \d+, hash [0-9a-f]+, /);
  const list = async (): Promise<readonly SnapshotDocument[]> => {
    const stdout = await fleet.must(['etcd', 'snapshot', 'list', '-o', 'json']);
    return (JSON.parse(stdout) as { readonly items: readonly SnapshotDocument[] }).items;
  };
  const isCopied = async (): Promise<boolean> => (await list())[0]?.copiedMs !== null;
  await until(isCopied, { what: 'the copy', timeoutMs: 120_000, everyMs: 500 });
  const [newest] = await list();
  expect(newest).toMatchObject({ node: 'm1', sealed: { key: fingerprint } });
  const copy = join(fleet.dataDir, 'snapshots', 'lab', `${newest?.name}.sealed`);
  const out = join(fleet.lab.directory, 'opened');
  await fleet.must(['etcd', 'snapshot', 'open', copy, '--key', key, '--out', out]);
  const ca = await fleet.lab.exec('m1', ['cat', '/etc/kubernetes/pki/ca.key']);
  expect(await readFile(join(out, 'pki', 'ca.key'), 'utf8')).toBe(ca.stdout);
  const status = await fleet.must(['etcd', 'status']);
  expect(status).toMatch(/m1 +healthy +leader +3\./);
  const defragmented = await fleet.must(['etcd', 'defragment']);
  expect(defragmented).toMatch(/^m1: defragmented, .* before and .* after$/m);
});

test('a label and a taint of a pool come to its node by apply, and go again; others’ stay', async () => {
  const path = join(fleet.lab.directory, 'cluster.yaml');
  const before = await readFile(path, 'utf8');
  const ofNode = async (jsonpath: string): Promise<string> =>
    (await fleet.kubectl(['get', 'node', 'w1', '-o', `jsonpath={${jsonpath}}`])).stdout;
  const pid = async (): Promise<string> =>
    (await fleet.lab.exec('w1', ['systemctl', 'show', '-p', 'MainPID', 'kubelet'])).stdout;
  const kubelet = await pid();
  await fleet.kubectl(['label', 'node', 'w1', 'example.org/theirs=stays']);
  await fleet.kubectl(['taint', 'node', 'w1', 'example.org/theirs=stays:PreferNoSchedule']);

  const document = parseDocument(before);
  const isWorkers = (pool: unknown): boolean => isMap(pool) && pool.get('name') === 'workers';
  const pools = document.getIn(['spec', 'pools']);
  const workers = isSeq(pools) ? pools.items.find(isWorkers) : undefined;
  if (!isMap(workers)) throw new Error(`no pool of workers: ${before}`);
  workers.set('labels', document.createNode({ 'example.org/disk': 'fast' }));
  const taint = { key: 'example.org/batch', value: 'only', effect: 'PreferNoSchedule' };
  workers.set('taints', document.createNode([taint]));
  await writeFile(path, document.toString());
  const dry = await fleet.coordinator(['apply', '-f', path, '--dry-run']);
  expect(dry.stderr).toContain('w1: labels and taints\n');
  const beganMs = Date.now();
  await fleet.apply(path);
  await fleet.must(['rollout', 'status']);
  console.log(
    `  a label and a taint: ${Date.now() - beganMs} ms from apply to done\n${dry.stderr}`,
  );
  expect(await ofNode('.metadata.labels.example\\.org/disk')).toBe('fast');
  expect(await ofNode('.metadata.labels.example\\.org/theirs')).toBe('stays');
  const taints = await ofNode('.spec.taints[*].key');
  expect(taints.split(' ').toSorted()).toEqual(['example.org/batch', 'example.org/theirs']);
  expect(await ofNode('.metadata.annotations')).toContain('muster.dev/given');

  await writeFile(path, before);
  await fleet.apply(path);
  await fleet.must(['rollout', 'status']);
  expect(await ofNode('.metadata.labels.example\\.org/disk')).toBe('');
  expect(await ofNode('.metadata.labels.example\\.org/theirs')).toBe('stays');
  expect(await ofNode('.spec.taints[*].key')).toBe('example.org/theirs');
  expect(await pid()).toBe(kubelet);
  await fleet.kubectl(['label', 'node', 'w1', 'example.org/theirs-']);
  await fleet.kubectl(['taint', 'node', 'w1', 'example.org/theirs-']);
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

test('a node is drained as its disruption budgets allow, and given back', async () => {
  const ofNode = async (path: string): Promise<string> =>
    (await fleet.kubectl(['get', 'node', 'w1', '-o', `jsonpath={${path}}`])).stdout;
  // Of the runtime itself: the node tells of an image up to five minutes after it came.
  const { stdout: images } = await fleet.lab.exec('w1', [
    ...['/usr/local/bin/ctr', '-n', 'k8s.io', 'images', 'ls', '-q'],
  ]);
  const image = images.split('\n').find((name) => name.includes('/agnhost:'));
  if (image === undefined) throw new Error(`w1 has no image to run: ${images}`);
  const shop = (allowed: number): string => [web(image), budget(allowed)].join('---\n');
  const applied = await fleet.kubectl(['apply', '-f', '-'], { stdin: shop(0) });
  expect(applied.exitCode).toBe(0);
  const ready = async (): Promise<string> =>
    (await fleet.kubectl(['get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}']))
      .stdout;
  const isUp = async (): Promise<boolean> => (await ready()) === '2';
  await until(isUp, { what: 'two pods behind a budget', timeoutMs: 120_000, everyMs: 500 });

  const held = await fleet.coordinator(['node', 'drain', 'w1', '--timeout', '15s']);
  expect(held.exitCode).toBe(124);
  expect(held.stderr).toMatch(/pod default\/web-[a-z0-9-]+, held by PodDisruptionBudget web/);
  expect(held.stderr).toContain('w1 is not drained within 15s, and stays cordoned');
  expect(await ready()).toBe('2');
  expect(await ofNode('.spec.unschedulable')).toBe('true');
  expect((await fleet.coordinator(['explain', 'w1'])).stdout).toContain(
    'held by PodDisruptionBudget web',
  );

  // One at a time would not do: nobody else could take the first.
  await fleet.kubectl(['apply', '-f', '-'], { stdin: shop(2) });
  const drained = await fleet.coordinator(['node', 'drain', 'w1', '--timeout', '2m']);
  console.log(drained.stderr, drained.stdout);
  expect(drained).toMatchObject({ exitCode: 0, stdout: 'w1 is drained, and stays cordoned\n' });
  const { stdout } = await fleet.kubectl([
    ...['get', 'pods', '-A', '--field-selector', 'spec.nodeName=w1', '-o'],
    'jsonpath={.items[*].metadata.ownerReferences[*].kind}',
  ]);
  expect(new Set(stdout.split(' '))).toEqual(new Set(['DaemonSet']));

  expect(await fleet.must(['node', 'uncordon', 'w1'])).toBe('w1 takes pods again\n');
  expect(await ofNode('.spec.unschedulable')).toBe('');
  expect(await ofNode('.metadata.annotations')).not.toContain('cordoned-by');
  await until(isUp, { what: 'the pods to come back', timeoutMs: 120_000, everyMs: 500 });
});

const web = (image: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - {name: web, image: '${image}', imagePullPolicy: IfNotPresent, args: [pause]}
`;

const budget = (maxUnavailable: number): string => `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  maxUnavailable: ${maxUnavailable}
  selector: {matchLabels: {app: web}}
`;
