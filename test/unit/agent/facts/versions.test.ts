import { expect, test } from 'vitest';
import { findProgram, proxyEnvironment, tools } from '../../../../agent/facts/tools.ts';
import { installed, parseVersion, runtimes } from '../../../../agent/facts/versions.ts';
import { settle } from '../../../fakes/clock.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

test.each([
  ['Kubernetes v1.37.1\n', true, 'v1.37.1'],
  ['v1.37.1\n', true, 'v1.37.1'],
  ['Client Version: v1.37.1+rke2r1\nKustomize Version: v5.6.0\n', true, 'v1.37.1+rke2r1'],
  ['etcd Version: 3.6.16\nGit SHA: 0\nGo Version: go1.25.1\n', false, '3.6.16'],
  ['containerd github.com/containerd/containerd/v2 v2.4.2 4a1b\n', false, '2.4.2'],
  ['containerd github.com/containerd/containerd/v2 2.4.2+unknown \n', false, '2.4.2'],
  ['containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1\n', false, '1.6.20~ds1'],
  ['runc version 1.5.2\ncommit: v1.5.2-0-gabc\nspec: 1.2.0\n', false, '1.5.2'],
  ['Docker version 27.0.3, build 7d4bcd8\n', false, '27.0.3'],
  ['crio version 1.30.0-rc.1\n', false, '1.30.0-rc.1'],
  ['', false, null],
  ['no version here, go1.25.1\n', false, null],
])('reads the version of %j', (text, hasV, expected) => {
  expect(parseVersion(text, { hasV })).toBe(expected);
});

function installedHost() {
  const sources = fakeSources();
  sources.host.put('/usr/local/bin/kubelet', '', 0o755).put('/usr/bin/containerd', '', 0o755);
  sources.host.answer('/usr/local/bin/kubelet --version', 'Kubernetes v1.37.1\n');
  sources.host.answer('/usr/bin/containerd --version', 'containerd c/v2 v2.4.2 x\n');
  return sources;
}

test('names what is installed, and asks each program once', async () => {
  const sources = installedHost();
  const [programs, found] = await Promise.all([installed(sources), runtimes(sources)]);
  expect(programs).toEqual({ kubelet: 'v1.37.1', containerd: '2.4.2' });
  expect(found).toEqual([{ name: 'containerd', version: '2.4.2', source: '/usr/bin/containerd' }]);
  await installed(sources);
  expect(sources.host.lines.sort()).toEqual([
    'read: /usr/bin/containerd --version',
    'read: /usr/local/bin/kubelet --version',
  ]);
});

test('asks again once the program is another one', async () => {
  const sources = installedHost();
  await installed(sources);
  sources.host.answer('/usr/local/bin/kubelet --version', 'Kubernetes v1.37.2\n');
  sources.machine.stamps.set('/usr/local/bin/kubelet', 'second');
  expect(await installed(sources)).toMatchObject({ kubelet: 'v1.37.2' });
});

test('a program that does not say its version is installed in an unknown one', async () => {
  const sources = fakeSources();
  sources.host.put('/usr/bin/runc', '', 0o755);
  expect(await installed(sources)).toEqual({ runc: 'unknown' });
  sources.host.answer('/usr/bin/runc', 'broken');
  expect(await installed(sources)).toEqual({ runc: 'unknown' });
});

test('programs are asked one at a time', async () => {
  const sources = fakeSources();
  const { host } = sources;
  const open = new Map<string, (text: string) => void>();
  let atOnce = 0;
  host.read = async (argv) => {
    atOnce += 1;
    expect(atOnce).toBe(1);
    const stdout = await new Promise<string>((resolve) => open.set(argv[0] ?? '', resolve));
    atOnce -= 1;
    return { exitCode: 0, stdout, stderr: '' };
  };
  for (const name of ['kubelet', 'kubeadm', 'kubectl', 'etcd']) {
    host.put(`/usr/local/bin/${name}`, '', 0o755);
  }
  const asking = installed(sources);
  for (let asked = 0; asked < 4; asked += 1) {
    await settle();
    expect(open.size).toBe(1);
    for (const [path, answer] of open) {
      open.delete(path);
      answer('1.2.3\n');
    }
  }
  expect(Object.values(await asking)).toEqual(['v1.2.3', 'v1.2.3', 'v1.2.3', '1.2.3']);
});

test('a program that is slow to answer is unknown to this collection and known to the next', async () => {
  const sources = fakeSources();
  const { host, clock } = sources;
  const answered = Promise.withResolvers<string>();
  host.put('/usr/local/bin/kubelet', '', 0o755);
  let asked = 0;
  host.read = async () => {
    asked += 1;
    return { exitCode: 0, stdout: await answered.promise, stderr: '' };
  };
  const first = installed(sources);
  await clock.advance(5_000);
  expect(await first).toEqual({ kubelet: 'unknown' });
  answered.resolve('Kubernetes v1.37.1\n');
  expect(await installed(sources)).toEqual({ kubelet: 'v1.37.1' });
  expect(asked).toBe(1);
});

test('what a program said is kept when it fails later, and asked again at once when it never said', async () => {
  const sources = installedHost();
  await installed(sources);
  sources.host.answer('/usr/local/bin/kubelet', { exitCode: 1, stderr: 'out of memory' });
  expect(await installed(sources)).toMatchObject({ kubelet: 'v1.37.1' });
  sources.machine.stamps.set('/usr/local/bin/kubelet', 'second');
  expect(await installed(sources)).toMatchObject({ kubelet: 'unknown' });
  sources.host.answer('/usr/local/bin/kubelet', 'Kubernetes v1.37.2\n');
  expect(await installed(sources)).toMatchObject({ kubelet: 'v1.37.2' });
});

test('a host without programs has none', async () => {
  expect(await installed(fakeSources())).toEqual({});
  expect(await runtimes(fakeSources())).toEqual([]);
});

test('finds the first program on the path, and no directories or plain files', async () => {
  const { host } = fakeSources();
  host.put('/usr/local/bin/ip/README', '').put('/usr/local/sbin/ip', '', 0o644);
  host.put('/usr/bin/ip', '', 0o755).put('/bin/ip', '', 0o755);
  host.putLink('/usr/sbin/iptables', '/etc/alternatives/iptables');
  expect(await findProgram(host, 'ip')).toBe('/usr/bin/ip');
  expect(await findProgram(host, 'iptables')).toBe('/usr/sbin/iptables');
});

test('a tool that is not there is null', async () => {
  const sources = fakeSources();
  sources.host.put('/usr/bin/mount', '', 0o755);
  expect(await tools(sources)).toMatchObject({ mount: '/usr/bin/mount', socat: null });
});

test.each([
  [{}, []],
  [{ http_proxy: 'http://user:secret@p', NO_PROXY: 'x' }, ['NO_PROXY', 'http_proxy']],
  [{ no_proxy: 'x' }, []],
  [{ HTTPS_PROXY: '' }, []],
])('the proxy variables of %j', (variables, expected) => {
  const sources = fakeSources();
  sources.machine.variables = variables as Record<string, string>;
  expect(proxyEnvironment(sources)).toEqual(expected);
});
