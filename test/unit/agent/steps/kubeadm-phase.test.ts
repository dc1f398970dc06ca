import { beforeAll, expect, test } from 'vitest';
import { kubeadmPhase } from '../../../../agent/steps/kubeadm-phase.ts';
import { namesWanted } from '../../../../agent/steps/kubeadm-phase-parts.ts';
import type { StepContext } from '../../../../agent/steps/step-runner.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { type KubeCa, kubeconfigText, makeKubeCa } from '../../../support/kube-pki.ts';
import { fakeContext, jumpingClock } from './fake-context.ts';

const configPath = '/etc/muster/kubeadm/init.yaml';
const config = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint:
  advertiseAddress: 10.0.0.11
---
kind: ClusterConfiguration
apiServer:
  certSANs:
    - 127.0.0.1
    - "api.example.org"
  extraArgs: []
`;
const pki = '/etc/kubernetes/pki';
const run = '/usr/local/bin/kubeadm init phase';
const init = (...phase: string[]) =>
  ({ command: 'init', phase, configPath, nodeName: 'h1' }) as const;
const joinPath = '/etc/muster/kubeadm/join.yaml';
const discovery = '/etc/kubernetes/muster-discovery.conf';
const joinConfig = `kind: JoinConfiguration\ndiscovery:\n  file:\n    kubeConfigPath: ${discovery}\n`;
const join = (...phase: string[]) =>
  ({ command: 'join', phase, configPath: joinPath, nodeName: 'w1' }) as const;
const token = 'abcdef.0123456789abcdef';

let ca: KubeCa;
beforeAll(async () => {
  ca = await makeKubeCa();
});

function arrange(overrides: Partial<StepContext> = {}) {
  const host = new FakeHost().put(configPath, config).put(joinPath, joinConfig).answer('sync ', '');
  return { host, context: fakeContext(host, { clock: jumpingClock(Date.now()), ...overrides }) };
}

async function putPair(host: FakeHost, name: string, names: readonly string[] = []) {
  const pair = await ca.issue(`CN=${name}`, { names });
  host.put(`${pki}/${name}.crt`, pair.certificate).put(`${pki}/${name}.key`, pair.key);
  return pair;
}

const putCa = (host: FakeHost): FakeHost =>
  host.put(`${pki}/ca.crt`, ca.certificate).put(`${pki}/ca.key`, ca.key);

test('runs a phase in the unit of the attempt and is content with what it made', async () => {
  const { host, context } = arrange();
  host.answer(`${run} certs ca`, () => {
    putCa(host);
    return '';
  });
  const args = init('certs', 'ca');
  expect(await kubeadmPhase.check(args, context)).toEqual({
    kind: 'needed',
    why: `${pki}/ca.crt is not there`,
  });
  await kubeadmPhase.apply(args, context);
  await kubeadmPhase.verify?.(args, context);
  expect(await kubeadmPhase.check(args, context)).toEqual({ kind: 'satisfied' });
  expect(host.changes).toEqual([`change ${context.unit}: ${run} certs ca --config ${configPath}`]);
});

test('never throws an authority away, whatever is wrong with it', async () => {
  const { host, context } = arrange();
  const other = await makeKubeCa();
  putCa(host).put(`${pki}/ca.key`, other.key);
  host.answer(`${run} certs ca`, { exitCode: 1, stderr: 'error: the key does not match\nTo see' });
  const args = init('certs', 'ca');
  expect(await kubeadmPhase.check(args, context)).toMatchObject({ kind: 'needed' });
  await expect(kubeadmPhase.apply(args, context)).rejects.toMatchObject({
    code: 'exec-failed',
    message: 'kubeadm init certs ca failed: error: the key does not match',
  });
  expect(host.text(`${pki}/ca.crt`)).toBe(ca.certificate);
});

test.each([
  ['lacks an address of the configuration', ['h1', '10.0.0.11', '127.0.0.1'], /not for api\.ex/],
  ['is for another host name', ['h2', '10.0.0.11', '127.0.0.1', 'api.example.org'], /not for h1/],
])('makes a server certificate anew that %s', async (_what, names, why) => {
  const { host, context } = arrange();
  putCa(host);
  await putPair(host, 'apiserver', names);
  const args = init('certs', 'apiserver');
  expect(await kubeadmPhase.check(args, context)).toMatchObject({
    why: expect.stringMatching(why),
  });
  host.answer(`${run} certs apiserver`, () => {
    expect(host.text(`${pki}/apiserver.crt`)).toBeNull();
    return '';
  });
  await kubeadmPhase.apply(args, context);
  await putPair(host, 'apiserver', ['h1', '10.0.0.11', '127.0.0.1', 'api.example.org']);
  expect(await kubeadmPhase.check(args, context)).toEqual({ kind: 'satisfied' });
});

test('a certificate that expired or is of another CA is wrong', async () => {
  const { host, context } = arrange();
  const args = init('certs', 'apiserver-kubelet-client');
  const files = `${pki}/apiserver-kubelet-client`;
  putCa(host);
  const old = await ca.issue('CN=x', { notAfterMs: Date.now() - 1000 });
  host.put(`${files}.crt`, old.certificate).put(`${files}.key`, old.key);
  expect(await kubeadmPhase.check(args, context)).toMatchObject({
    why: expect.stringMatching(/expired/),
  });
  const strange = await (await makeKubeCa()).issue('CN=x');
  host.put(`${files}.crt`, strange.certificate).put(`${files}.key`, strange.key);
  expect(await kubeadmPhase.check(args, context)).toMatchObject({
    why: expect.stringMatching(/not signed by/),
  });
});

test('the service account keys have to belong together', async () => {
  const { host, context } = arrange();
  const [one, two] = [await ca.issue('CN=a'), await ca.issue('CN=b')];
  host.put(`${pki}/sa.key`, one.key).put(`${pki}/sa.pub`, two.publicKey);
  expect(await kubeadmPhase.check(init('certs', 'sa'), context)).toMatchObject({ kind: 'needed' });
  host.put(`${pki}/sa.pub`, one.publicKey);
  expect(await kubeadmPhase.check(init('certs', 'sa'), context)).toEqual({ kind: 'satisfied' });
});

test('a kubeconfig of another CA is made anew, the right ones beside it stay', async () => {
  const { host, context } = arrange();
  putCa(host);
  const names = ['admin', 'controller-manager', 'scheduler', 'super-admin', 'kubelet'];
  const user = await ca.issue('CN=u');
  const text = kubeconfigText('https://127.0.0.1:9443', ca.certificate, user);
  for (const name of names) host.put(`/etc/kubernetes/${name}.conf`, text);
  const args = init('kubeconfig', 'all');
  expect(await kubeadmPhase.check(args, context)).toEqual({ kind: 'satisfied' });

  const other = await makeKubeCa();
  const wrong = kubeconfigText('https://127.0.0.1:9443', other.certificate, user);
  host.put('/etc/kubernetes/scheduler.conf', wrong).answer(`${run} kubeconfig all`, '');
  expect(await kubeadmPhase.check(args, context)).toMatchObject({
    why: expect.stringMatching(/scheduler\.conf trusts another CA/),
  });
  await kubeadmPhase.apply(args, context);
  expect(host.changes.filter((line) => line.startsWith('remove'))).toEqual([
    'remove /etc/kubernetes/scheduler.conf',
  ]);
});

test('static pods of another configuration, or edited by hand, are rendered again', async () => {
  const { host, context } = arrange();
  const args = init('control-plane', 'all');
  const names = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
  const path = (name: string) => `/etc/kubernetes/manifests/${name}.yaml`;
  host.answer(`${run} control-plane all`, () => {
    for (const name of names) host.put(path(name), `${name} of ${host.text(configPath)}`);
    return '';
  });
  await kubeadmPhase.apply(args, context);
  expect(host.text('/state/kubeadm/init-control-plane-all.sha256')).not.toBeNull();
  expect(await kubeadmPhase.check(args, context)).toEqual({ kind: 'satisfied' });

  host.put(configPath, `${config}# changed\n`);
  expect(await kubeadmPhase.check(args, context)).toMatchObject({ kind: 'needed' });
  await kubeadmPhase.apply(args, context);
  expect(await kubeadmPhase.check(args, context)).toEqual({ kind: 'satisfied' });

  host.put(path('kube-scheduler'), 'edited');
  expect(await kubeadmPhase.check(args, context)).toMatchObject({ kind: 'needed' });
});

test('looks into the cluster for what a phase uploads, the last object included', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = arrange();
  host.put('/etc/kubernetes/admin.conf', server.adminConfig);
  const args = init('upload-config', 'all');
  let hasRights = false;
  server.on(/./, () => (hasRights ? null : { status: 403, body: { message: 'forbidden' } }));
  expect(await kubeadmPhase.check(args, context)).toMatchObject({
    why: expect.stringMatching(/may not look/),
  });
  hasRights = true;
  expect(await kubeadmPhase.check(args, context)).toMatchObject({
    why: 'there is no ConfigMap kubeadm-config in the cluster',
  });
  host.answer(`${run} upload-config all`, () => {
    const path = '/api/v1/namespaces/kube-system/configmaps';
    for (const name of ['kubeadm-config', 'kubelet-config'])
      server.objects.set(`${path}/${name}`, { data: { of: name } });
    return '';
  });
  await kubeadmPhase.apply(args, context);
  expect(await kubeadmPhase.check(args, context)).toMatchObject({
    why: 'there is no RoleBinding kubeadm:nodes-kubeadm-config in the cluster',
  });
  server.on(/rolebindings\/kubeadm%3A(nodes-kubeadm-config|kubelet-config)$/, {
    status: 200,
    body: {},
  });
  expect(await kubeadmPhase.check(args, context)).toEqual({ kind: 'satisfied' });
});

test('an API server that comes back in a moment is waited for, one that is away is a failure', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = arrange();
  host.put('/etc/kubernetes/admin.conf', server.adminConfig);
  const label = { 'node-role.kubernetes.io/control-plane': '' };
  server.objects.set('/api/v1/nodes/h1', { metadata: { labels: label } });
  let failures = 3;
  const answer = { status: 503, body: { message: 'starting' } };
  server.on(/./, () => {
    failures -= 1;
    return failures >= 0 ? answer : null;
  });
  const args = init('mark-control-plane');
  expect(await kubeadmPhase.check(args, context)).toEqual({ kind: 'satisfied' });
  server.on(/./, answer);
  await expect(kubeadmPhase.check(args, context)).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
  });
});

test('a labelled node that another machine of the same name left behind is not marked', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = arrange();
  host.put('/etc/kubernetes/admin.conf', server.adminConfig).put('/etc/machine-id', 'our machine');
  const labels = { 'node-role.kubernetes.io/control-plane': '' };
  const args = init('mark-control-plane');
  const put = (machineID: string): void => {
    const status = { nodeInfo: { machineID } };
    server.objects.set(`/api/v1/nodes/${args.nodeName}`, { metadata: { labels }, status });
  };
  put('another machine');
  expect(await kubeadmPhase.check(args, context)).toMatchObject({
    why: `node ${args.nodeName} is of another machine so far (machine-id another machine, this host has our machine)`,
  });
  put('our machine');
  expect(await kubeadmPhase.check(args, context)).toEqual({ kind: 'satisfied' });
});

test('no token is printed into the unit’s output', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = arrange();
  host.put('/etc/kubernetes/admin.conf', server.adminConfig);
  server.on(/./, { status: 200, body: {} });
  host.answer(`${run} bootstrap-token`, '');
  await kubeadmPhase.apply(init('bootstrap-token'), context);
  expect(host.changes[0]).toContain('--skip-token-print');
});

const settings = '/var/lib/kubelet/config.yaml';
const putSettings = (host: FakeHost): FakeHost =>
  host.put(settings, 'kind: x').put('/var/lib/kubelet/kubeadm-flags.env', 'X=""');

test('what kubeadm wrote is on the disk before its phase counts as done', async () => {
  const { host, context } = arrange();
  host.answer(`${run} certs ca`, () => {
    putCa(host);
    return '';
  });
  const args = init('certs', 'ca');
  await kubeadmPhase.apply(args, context);
  await kubeadmPhase.verify?.(args, context);
  const synced = `read: sync /etc/kubernetes ${pki} ${pki}/ca.crt ${pki}/ca.key`;
  expect(host.lines.at(-1)).toBe(synced);
  // Of an attempt that was interrupted as well: it finds everything there, and not how far it got.
  await kubeadmPhase.check(args, context);
  expect(host.lines.filter((line) => line === synced)).toHaveLength(2);
  host.answer('sync ', { exitCode: 1, stderr: 'sync: error syncing: Input/output error\n' });
  await expect(kubeadmPhase.check(args, context)).rejects.toMatchObject({
    code: 'exec-failed',
    message: expect.stringContaining('Input/output error'),
  });
});

test('a file that is gone by the time it is synced is not missed', async () => {
  const { host, context } = arrange();
  putCa(host).put(`${pki}/.new`, 'x');
  host.answer('sync ', () => {
    host.files.delete(`${pki}/.new`);
    host.answer('sync ', '');
    return { exitCode: 1, stderr: `sync: error opening '${pki}/.new': No such file or directory` };
  });
  expect(await kubeadmPhase.check(init('certs', 'ca'), context)).toEqual({ kind: 'satisfied' });
});

test('a configuration that a power cut left empty is made again', async () => {
  const { host, context } = arrange();
  host.answer('systemctl is-active', 'active\n');
  putSettings(host).put(settings, '');
  expect(await kubeadmPhase.check(init('kubelet-start'), context)).toMatchObject({
    why: `${settings} is empty`,
  });
});

test('the kubelet is started when it runs with its configuration', async () => {
  const { host, context } = arrange();
  const args = init('kubelet-start');
  putSettings(host);
  host.answer('systemctl is-active', { exitCode: 3, stdout: 'activating\n' });
  expect(await kubeadmPhase.check(args, context)).toMatchObject({
    why: 'kubelet.service is activating',
  });
  host.answer('systemctl is-active', 'active\n');
  expect(await kubeadmPhase.check(args, context)).toEqual({ kind: 'satisfied' });
});

test.each([
  [
    'certificate',
    { certificate: 'a certificate', key: 'a key', publicKey: '' },
    { certificate: 'an earlier one', key: 'a key', publicKey: '' },
  ],
  ['token', { token }, { token: 'zzzzzz.0123456789abcdef' }],
])(
  'a join that was begun with an earlier %s begins again with the new one',
  async (_what, sent, other) => {
    const { host, context } = arrange();
    host.answer('systemctl is-active', 'active\n');
    putSettings(host);
    const bootstrap = '/etc/kubernetes/bootstrap-kubelet.conf';
    host.put(discovery, kubeconfigText('https://127.0.0.1:9443', 'ca', sent));
    host.put(bootstrap, kubeconfigText('https://127.0.0.1:9443', 'ca', other));
    expect(await kubeadmPhase.check(join('kubelet-start'), context)).toMatchObject({
      why: `${bootstrap} is from earlier credentials`,
    });
    host.put(bootstrap, kubeconfigText('https://127.0.0.1:9443', 'ca', sent));
    expect(await kubeadmPhase.check(join('kubelet-start'), context)).toEqual({ kind: 'satisfied' });
  },
);

const refused = { status: 401, body: { message: 'Unauthorized' } };

function arrangeJoin(server: KubeApiServer) {
  const arranged = arrange();
  arranged.host.put(discovery, kubeconfigText(server.url, server.ca.certificate, { token }));
  arranged.host.answer('/usr/local/bin/kubeadm', '');
  return arranged;
}

test('a token that the cluster takes no more ends the join before kubeadm waits for it', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = arrangeJoin(server);
  server.on(/./, refused);
  const beganAt = context.clock.boot();
  await expect(kubeadmPhase.apply(join('kubelet-start'), context)).rejects.toMatchObject({
    code: 'credentials-expired',
    retryable: false,
  });
  expect(host.changes).toEqual([]);
  expect(new Set(server.authorizations)).toEqual(new Set([`Bearer ${token}`]));
  // Not by one answer, and not by several of the same connection, which are all of one master.
  expect(server.connections).toBe(server.lines.length);
  expect(context.clock.boot() - beganAt).toBeGreaterThanOrEqual(60_000);
  server.on(/./, { status: 200, body: {} });
  await kubeadmPhase.apply(join('kubelet-start'), context);
  expect(host.changes).toHaveLength(1);
});

test('a master that has just started and knows no token yet does not end a join', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = arrangeJoin(server);
  let left = 3;
  server.on(/./, () => {
    left -= 1;
    return left >= 0 ? refused : { status: 200, body: {} };
  });
  await kubeadmPhase.apply(join('kubelet-start'), context);
  expect(host.changes).toHaveLength(1);
  expect(context.said).toContain('waits: a master does not take the join credentials');
});

test('masters that do not agree on a token are left to kubeadm', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = arrangeJoin(server);
  let asked = 0;
  server.on(/./, () => {
    asked += 1;
    return asked % 3 === 0 ? { status: 200, body: {} } : refused;
  });
  await kubeadmPhase.apply(join('kubelet-start'), context);
  expect(host.changes).toHaveLength(1);
});

const unauthorized = {
  exitCode: 1,
  stderr: 'error: couldn’t validate the identity of the API Server: timeout: Unauthorized\n',
};

test('a token that ends while kubeadm uses it is told apart from a failure', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = arrangeJoin(server);
  host.answer('/usr/local/bin/kubeadm join', () => {
    server.on(/./, refused);
    return unauthorized;
  });
  await expect(kubeadmPhase.apply(join('kubelet-start'), context)).rejects.toMatchObject({
    code: 'credentials-expired',
  });
  expect(host.changes).toHaveLength(1);
});

test('kubeadm runs again, in a unit of its own, when only one master did not know the token', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = arrangeJoin(server);
  let runs = 0;
  host.answer('/usr/local/bin/kubeadm join', () => {
    runs += 1;
    return runs === 1 ? unauthorized : '';
  });
  await kubeadmPhase.apply(join('kubelet-start'), context);
  const command = `/usr/local/bin/kubeadm join phase kubelet-start --config ${joinPath}`;
  expect(host.changes).toEqual([
    `change ${context.unit}: ${command}`,
    `change ${context.unit}_2: ${command}`,
  ]);
});

test('a join that is refused again and again by a cluster that takes its token is a failure', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = arrangeJoin(server);
  host.answer('/usr/local/bin/kubeadm join', unauthorized);
  await expect(kubeadmPhase.apply(join('kubelet-start'), context)).rejects.toMatchObject({
    code: 'exec-failed',
    retryable: true,
    message: expect.stringMatching(/Unauthorized/),
  });
  expect(host.changes).toHaveLength(3);
});

test('kubelet-finalize is done when the kubelet renews its certificate, or is told not to', async () => {
  const { host, context } = arrange();
  const args = init('kubelet-finalize', 'all');
  host.put('/etc/kubernetes/kubelet.conf', 'client-certificate-data: abc');
  expect(await kubeadmPhase.check(args, context)).toMatchObject({ kind: 'needed' });
  host.put('/var/lib/kubelet/config.yaml', 'kind: X\nrotateCertificates: false\n');
  expect(await kubeadmPhase.check(args, context)).toEqual({ kind: 'satisfied' });
  host.files.delete('/var/lib/kubelet/config.yaml');
  const pem = '/var/lib/kubelet/pki/kubelet-client-current.pem';
  host.put('/etc/kubernetes/kubelet.conf', `client-certificate: ${pem}\n`);
  expect(await kubeadmPhase.check(args, context)).toEqual({ kind: 'satisfied' });
});

test('a phase that ended well and made nothing is a failure', async () => {
  const { host, context } = arrange();
  host.answer(`${run} certs sa`, '');
  await kubeadmPhase.apply(init('certs', 'sa'), context);
  await expect(kubeadmPhase.verify?.(init('certs', 'sa'), context)).rejects.toMatchObject({
    code: 'not-ready',
    message: expect.stringMatching(/ended well, but there is no .*sa\.key/),
  });
});

test.each([[['reset']], [['certs', 'all']], [['kubelet-wait-bootstrap']], [['constructor']]])(
  'refuses phase %j, which it could not check',
  async (phase) => {
    const { host, context } = arrange();
    const args = init(...phase);
    await expect(kubeadmPhase.check(args, context)).rejects.toMatchObject({ code: 'invalid' });
    await expect(kubeadmPhase.apply(args, context)).rejects.toMatchObject({ code: 'invalid' });
    expect(host.changes).toEqual([]);
  },
);

test('without its configuration nothing is run', async () => {
  const { host, context } = arrange();
  host.files.delete(configPath);
  await expect(kubeadmPhase.apply(init('certs', 'ca'), context)).rejects.toMatchObject({
    code: 'not-found',
  });
});

test('reads the names a server certificate needs from the configuration', () => {
  expect(namesWanted(config)).toEqual(['10.0.0.11', '127.0.0.1', 'api.example.org']);
  expect(namesWanted('kind: JoinConfiguration\n')).toEqual([]);
});
