// A master whose kubelet and runtime follow the manifests: what is put in place runs a moment later, unless
// it has a flag that nothing starts with.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { switchControlPlane } from '../../../../agent/steps/switch-control-plane.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { fakeContext, jumpingClock } from './fake-context.ts';

const names = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
const manifests = '/etc/kubernetes/manifests';
const aside = '/state/control-plane/new';
const configPath = '/etc/muster/kubeadm/init.yaml';
const pathOf = (name: string, directory = manifests): string => `${directory}/${name}.yaml`;

const configFor = (version: string, flag = ''): string =>
  `kind: ClusterConfiguration\nkubernetesVersion: ${version}\nflag: ${flag}\n`;

const manifestOf = (name: string, config: string): string => {
  const version = /kubernetesVersion: (\S+)/.exec(config)?.[1];
  const flag = /^flag: (\S+)$/m.exec(config)?.[1];
  const flags = flag === undefined ? '' : `    - --flag=${flag}\n`;
  return `spec:\n  containers:\n  - command:\n    - ${name}\n${flags}    image: k8s/${name}:${version}\n`;
};

/** Dies at the n-th thing that it is told to change: nothing can be asked of it any more. */
class MortalHost extends FakeHost {
  left = Number.POSITIVE_INFINITY;
  isDead = false;

  private live(isChange: boolean): void {
    if (isChange) this.left -= 1;
    if (this.left < 0) this.isDead = true;
    if (this.isDead) throw new Error('the agent was killed');
  }
  override async writeFile(path: string, content: string | Uint8Array, mode: number) {
    this.live(true);
    await super.writeFile(path, content, mode);
  }
  override async remove(path: string) {
    this.live(true);
    await super.remove(path);
  }
  override async change(...args: Parameters<FakeHost['change']>) {
    this.live(true);
    return await super.change(...args);
  }
  override async readFile(path: string) {
    this.live(false);
    return await super.readFile(path);
  }
  override async read(...args: Parameters<FakeHost['read']>) {
    this.live(false);
    return await super.read(...args);
  }
}

let server: KubeApiServer;
beforeEach(async () => {
  server = await KubeApiServer.start();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

/** Runs with `configFor('v1.36.4')`, and is to have `config`. */
function aMaster(config: string, planId = 'p1') {
  const host = new MortalHost();
  for (const name of names) host.put(pathOf(name), manifestOf(name, configFor('v1.36.4')), 0o600);
  return onHost(host, config, planId);
}

function onHost(host: MortalHost, config: string, planId: string) {
  host.left = Number.POSITIVE_INFINITY;
  host.isDead = false;
  host
    .put(configPath, config)
    .put('/etc/kubernetes/pki/ca.crt', server.ca.certificate)
    .put('/etc/kubernetes/admin.conf', server.adminConfig)
    .put('/var/log/pods/kube-system_kube-apiserver-m1_1/kube-apiserver/0.log', 'x')
    .answer('sync ', '')
    .answer('tail ', '2026-11-22T00:00:00Z stderr F Error: unknown flag: --flag\n')
    .answer('/usr/local/bin/kubeadm init phase control-plane all', () => {
      for (const name of names)
        host.put(pathOf(name, aside), manifestOf(name, host.text(configPath) ?? ''));
      return '';
    })
    .answer('ctr --namespace k8s.io containers list', (argv) => {
      const name = /container\.name"==([a-z-]+),/.exec(argv.at(-1) ?? '')?.[1] ?? '';
      return `CONTAINER IMAGE RUNTIME\nid-${name} ${imageOf(host, name)} runc\n`;
    })
    .answer('ctr --namespace k8s.io tasks list', () => {
      const up = names.filter((name) => startsWith(host, name));
      for (const [index, name] of up.entries())
        host.put(`/proc/${index + 1}/cmdline`, argvOf(host, name));
      const rows = up.map((name, index) => `id-${name} ${index + 1} RUNNING`);
      return ['TASK PID STATUS', ...rows, ''].join('\n');
    });
  server.on(/GET \/version$/, () =>
    startsWith(host, 'kube-apiserver')
      ? { status: 200, body: { gitVersion: imageOf(host, 'kube-apiserver').split(':')[1] } }
      : { status: 503, body: 'starting' },
  );
  server.on(/GET \/readyz$/, () => ({
    status: startsWith(host, 'kube-apiserver') ? 200 : 500,
    body: 'ok',
  }));
  const context = fakeContext(host, {
    clock: jumpingClock(),
    planId,
    timeoutMs: 400_000,
    httpGet: async () => ({ status: 200, text: 'ok' }),
  });
  const version = /kubernetesVersion: (\S+)/.exec(config)?.[1] ?? '';
  const args = {
    configPath,
    nodeName: 'm1',
    version,
    server: server.url,
    caPath: '/etc/kubernetes/pki/ca.crt',
    waitSeconds: 5,
  };
  const live = (): readonly (string | null)[] => names.map((name) => host.text(pathOf(name)));
  return { host, context, args, live };
}

const imageOf = (host: FakeHost, name: string): string =>
  /image: (\S+)/.exec(host.text(pathOf(name)) ?? '')?.[1] ?? '';
const startsWith = (host: FakeHost, name: string): boolean =>
  !(host.text(pathOf(name)) ?? '').includes('broken');
const argvOf = (host: FakeHost, name: string): string =>
  [...(host.text(pathOf(name)) ?? '').matchAll(/^ {4}- (.*)$/gm)]
    .map(([, entry]) => `${entry}\0`)
    .join('');

const rendered = (config: string): readonly string[] =>
  names.map((name) => manifestOf(name, config));
const old = rendered(configFor('v1.36.4'));

test('puts the API server first and the other two when it answers, and then has nothing to do', async () => {
  const config = configFor('v1.37.1');
  const { host, context, args, live } = aMaster(config);
  expect(await switchControlPlane.check(args, context)).toMatchObject({ kind: 'needed' });
  await switchControlPlane.apply(args, context);
  expect(live()).toEqual(rendered(config));
  expect(host.changes.filter((line) => line.includes(manifests))).toEqual(
    names.map((name) => `write ${pathOf(name)} 0600`),
  );
  expect(await switchControlPlane.check(args, context)).toMatchObject({ kind: 'satisfied' });
  expect(host.text('/state/control-plane/switch.json')).toBeNull();
  expect(host.text('/state/control-plane/before/kube-apiserver.yaml')).toBeNull();
});

test('the other two wait while the API server that runs is still the old one', async () => {
  const { host, context, args, live } = aMaster(configFor('v1.37.1'));
  server.on(/GET \/version$/, { status: 200, body: { gitVersion: 'v1.36.4' } });
  server.on(/GET \/version$/, () =>
    imageOf(host, 'kube-apiserver').endsWith('v1.36.4') ? null : { status: 503, body: 'no' },
  );
  await expect(switchControlPlane.apply(args, context)).rejects.toMatchObject({
    code: 'not-ready',
  });
  expect(host.changes.filter((line) => line.includes('kube-scheduler.yaml'))).toEqual([
    'write /state/control-plane/before/kube-scheduler.yaml 0600',
  ]);
  expect(live()).toEqual(old);
});

test('takes back what does not come up, and says what was seen', async () => {
  const { host, context, args, live } = aMaster(configFor('v1.37.1', 'broken'));
  // Just started once more: it has said nothing yet.
  host.nowMs += 1;
  host.put('/var/log/pods/kube-system_kube-apiserver-m1_2/kube-apiserver/1.log', '');
  await expect(switchControlPlane.apply(args, context)).rejects.toMatchObject({
    code: 'not-ready',
    retryable: false,
    message: expect.stringMatching(
      /did not come up as v1\.37\.1, and m1 was taken back.*no container of kube-apiserver runs.*said last: Error: unknown flag: --flag/,
    ),
  });
  expect(live()).toEqual(old);
  expect(host.text('/state/control-plane/switch.json')).toBeNull();
  expect(await switchControlPlane.check(args, context)).toMatchObject({ kind: 'needed' });
});

test('gives up before its time on what ends again and again, not on what ended earlier', async () => {
  const { host, context, args, live } = aMaster(configFor('v1.37.1', 'broken'));
  const folder = (uid: string): string =>
    `/var/log/pods/kube-system_kube-apiserver-m1_${uid}/kube-apiserver`;
  host.put(`${folder('1')}/7.log`, 'x');
  let starts = 0;
  const patient = { ...args, waitSeconds: 600 };
  const clock = jumpingClock();
  const sleep: typeof clock.sleep = async (ms, signal) => {
    if (host.text(pathOf(names[0]))?.includes('broken') === true)
      host.put(`${folder('2')}/${starts++}.log`, 'x');
    await clock.sleep(ms, signal);
  };
  const watched = { ...context, clock: { ...clock, sleep } };
  await expect(switchControlPlane.apply(patient, watched)).rejects.toMatchObject({
    message: expect.stringContaining('kube-apiserver was started 3 times and ended each time'),
  });
  expect(starts).toBeLessThan(6);
  expect(live()).toEqual(old);
});

test('keeps what ran before while that does not come up again either', async () => {
  const { host, context, args } = aMaster(configFor('v1.37.1', 'broken'));
  server.on(/GET \/readyz$/, { status: 500, body: '[-]etcd failed' });
  await expect(switchControlPlane.apply(args, context)).rejects.toMatchObject({
    code: 'not-ready',
    retryable: true,
    message: expect.stringMatching(/has the manifests that ran before again.*etcd failed/),
  });
  expect(host.text('/state/control-plane/switch.json')).toContain('"back"');
  expect(host.text('/state/control-plane/before/kube-apiserver.yaml')).toBe(old[0]);
});

test('an image that the runtime names by its digest is the one of the manifest', async () => {
  const { host, context, args, live } = aMaster(configFor('v1.37.1'));
  host
    .answer('ctr --namespace k8s.io containers list', (argv) => {
      const name = /container\.name"==([a-z-]+),/.exec(argv.at(-1) ?? '')?.[1] ?? '';
      return `CONTAINER IMAGE RUNTIME\nid-${name} k8s/${name}@sha256:abc runc\n`;
    })
    .answer('ctr --namespace k8s.io images list', () => {
      const rows = names.flatMap((name) => [
        `${imageOf(host, name)} type sha256:of-${name} 1MiB`,
        `k8s/${name}@sha256:abc type sha256:of-${name} 1MiB`,
      ]);
      return ['REF TYPE DIGEST SIZE', ...rows].join('\n');
    });
  await switchControlPlane.apply(args, context);
  expect(live()).toEqual(rendered(configFor('v1.37.1')));
});

test.each([
  ['a process that ends while it is looked at', 'ESRCH: no such process, read'],
  ['a look that fails for another reason', 'EIO: i/o error, read'],
])('%s takes nothing back', async (_what, message) => {
  class Disturbed extends MortalHost {
    failures = 3;
    override async readFile(path: string) {
      const isTold = message.startsWith('EIO')
        ? path.endsWith('admin.conf')
        : path.startsWith('/proc');
      if (isTold && this.failures > 0 && this.changes.some((line) => line.includes(manifests))) {
        this.failures -= 1;
        throw new Error(message);
      }
      return await super.readFile(path);
    }
  }
  const config = configFor('v1.37.1');
  const host = new Disturbed();
  for (const name of names) host.put(pathOf(name), manifestOf(name, configFor('v1.36.4')), 0o600);
  const { context, args, live } = onHost(host, config, 'p1');
  await switchControlPlane.apply(args, context);
  expect(host.failures).toBe(0);
  expect(live()).toEqual(rendered(config));
});

test('refuses to begin on a host that lacks a manifest', async () => {
  const { host, context, args } = aMaster(configFor('v1.37.1'));
  host.files.delete(pathOf('kube-scheduler'));
  await expect(switchControlPlane.apply(args, context)).rejects.toMatchObject({
    code: 'not-found',
  });
  expect(imageOf(host, 'kube-apiserver')).toContain('v1.36.4');
});

test.each([
  ['manifests of another configuration', (host: FakeHost) => host.put(configPath, 'another')],
  ['a manifest that somebody edited', (host: FakeHost) => host.put(pathOf(names[2]), 'edited')],
  [
    'an API server of another version',
    () => server.on(/GET \/version$/, { status: 200, body: { gitVersion: 'v1.36.4' } }),
  ],
  [
    'an API server that is not ready',
    () => server.on(/GET \/readyz$/, { status: 500, body: 'no' }),
  ],
])('sees %s', async (_what, disturb) => {
  const { host, context, args } = aMaster(configFor('v1.37.1'));
  await switchControlPlane.apply(args, context);
  disturb(host);
  expect(await switchControlPlane.check(args, context)).toMatchObject({ kind: 'needed' });
});

describe('killed before anything that it changes', () => {
  async function attempt(master: ReturnType<typeof aMaster>): Promise<unknown> {
    return await switchControlPlane.apply(master.args, master.context).then(
      () => null,
      (thrown: unknown) => thrown,
    );
  }

  async function steps(config: string): Promise<number> {
    const master = aMaster(config);
    await attempt(master);
    return master.host.changes.length;
  }

  test('it is taken up and comes to the same end', async () => {
    const config = configFor('v1.37.1');
    const count = await steps(config);
    expect(count).toBeGreaterThan(10);
    for (let at = 0; at < count; at += 1) {
      const first = aMaster(config);
      first.host.left = at;
      await attempt(first);
      const second = onHost(first.host, config, 'p1');
      expect(await attempt(second)).toBeNull();
      expect(second.live(), `killed at ${at}`).toEqual(rendered(config));
      expect(await switchControlPlane.check(second.args, second.context)).toMatchObject({
        kind: 'satisfied',
      });
    }
  });

  test('what does not come up is taken back whole, whichever plan finds it', async () => {
    const broken = configFor('v1.37.1', 'broken');
    const count = await steps(broken);
    for (const planId of ['p1', 'p2']) {
      for (let at = 0; at < count; at += 1) {
        const first = aMaster(broken);
        first.host.left = at;
        await attempt(first);
        const second = onHost(first.host, broken, planId);
        expect(await attempt(second)).toMatchObject({ code: 'not-ready' });
        expect(second.live(), `killed at ${at}`).toEqual(old);
      }
    }
  });

  test('what cannot even be rendered when it is taken up is taken back', async () => {
    const broken = configFor('v1.37.1', 'broken');
    let first = aMaster(broken);
    for (let at = 0; first.live()[0] === old[0]; at += 1) {
      first = aMaster(broken);
      first.host.left = at;
      await attempt(first);
    }
    const second = onHost(first.host, broken, 'p1');
    second.host.answer('/usr/local/bin/kubeadm', { exitCode: 1, stderr: 'error: no space left' });
    expect(await attempt(second)).toMatchObject({ code: 'not-ready' });
    expect(second.live()).toEqual(old);
  });

  test('another plan goes on to its own end from there, and never takes half for what ran before', async () => {
    const broken = configFor('v1.37.1', 'broken');
    const count = await steps(broken);
    const good = configFor('v1.36.5');
    for (let at = 0; at < count; at += 1) {
      const first = aMaster(broken);
      first.host.left = at;
      await attempt(first);
      const second = onHost(first.host, good, 'p2');
      expect(await attempt(second)).toBeNull();
      expect(second.live(), `killed at ${at}`).toEqual(rendered(good));
    }
  });
});
