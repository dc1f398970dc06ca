import { beforeEach, expect, test } from 'vitest';
import { restartStaticPods } from '../../../../agent/steps/restart-static-pods.ts';
import type { StepArgs } from '../../../../shared/model/step.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { type FakeContext, fakeContext, jumpingClock } from './fake-context.ts';

const nowMs = 1_800_000_000_000;
const upS = 50_000;
const scheduler = '/etc/kubernetes/scheduler.conf';
const manager = '/etc/kubernetes/controller-manager.conf';

const args: StepArgs['restart-static-pods'] = {
  pods: [
    { name: 'kube-controller-manager', files: [manager] },
    { name: 'kube-scheduler', files: [scheduler] },
  ],
  server: 'https://10.0.0.11:6443',
  caPath: '/etc/kubernetes/pki/ca.crt',
  mustBeReady: true,
  waitSeconds: 30,
};

interface Container {
  readonly id: string;
  readonly pid: number;
}

let host: FakeHost;
let context: FakeContext;
let running: Record<string, Container>;
let restarts: number;

/** When a process of the kernel's numbering was started. */
function putProcess(pid: number, name: string, agoS: number): void {
  const ticks = Math.round((upS - agoS) * 100);
  const fields = ['S', ...Array.from({ length: 18 }, () => '0'), String(ticks), '0'];
  host.put(`/proc/${pid}/stat`, `${pid} (${name} (x) y) ${fields.join(' ')}\n`);
  host.put(`/proc/${pid}/cmdline`, `${name}\0--secure-port=1\0`);
}

beforeEach(() => {
  host = new FakeHost();
  context = fakeContext(host, {
    clock: jumpingClock(nowMs),
    httpGet: async () => ({ status: 200, text: 'ok' }),
  });
  host.put('/proc/uptime', `${upS}.00 1.00\n`);
  running = {};
  restarts = 0;
  let pid = 100;
  for (const { name } of args.pods) {
    pid += 1;
    running[name] = { id: `old-${name}`, pid };
    putProcess(pid, name, 3_600);
    host.put(
      `/etc/kubernetes/manifests/${name}.yaml`,
      `spec:\n  containers:\n  - command:\n    - ${name}\n    - --secure-port=1\n    image: registry/${name}:v1\n`,
    );
  }
  const tables = (rows: readonly string[]): string => ['HEAD', ...rows].join('\n');
  host.answer('ctr --namespace k8s.io containers list', (argv) => {
    const name = /container\.name"==([^,]+)/.exec(argv.at(-1) ?? '')?.[1] ?? '';
    const one = running[name];
    return tables(one === undefined ? [] : [`${one.id} registry/${name}:v1 runc`]);
  });
  host.answer('ctr --namespace k8s.io tasks list', () =>
    tables(Object.values(running).map(({ id, pid: one }) => `${id} ${one} RUNNING`)),
  );
  // The kubelet starts at once what has ended.
  host.answer('ctr --namespace k8s.io tasks kill', (argv) => {
    const name = (argv.at(-1) ?? '').replace('old-', '');
    restarts += 1;
    const next = 200 + restarts;
    running[name] = { id: `new-${name}`, pid: next };
    putProcess(next, name, 0);
    return '';
  });
});

const putFile = (path: string, agoS: number): void => {
  host.nowMs = nowMs - agoS * 1000;
  host.put(path, 'kubeconfig');
};

test('starts again what is older than a file it reads, and leaves the rest alone', async () => {
  putFile(scheduler, 60);
  putFile(manager, 7_200);
  expect(await restartStaticPods.check(args, context)).toEqual({
    kind: 'needed',
    why: 'kube-scheduler runs with older files than those on the host',
  });
  await restartStaticPods.apply(args, context);
  expect(host.changes).toEqual([
    `change ${context.unit}_3: ctr --namespace k8s.io tasks kill --signal SIGTERM old-kube-scheduler`,
  ]);
  expect(await restartStaticPods.check(args, context)).toMatchObject({ kind: 'satisfied' });
});

test('a second time nothing is ended', async () => {
  putFile(scheduler, 60);
  putFile(manager, 60);
  await restartStaticPods.apply(args, context);
  const after = host.changes.length;
  await restartStaticPods.apply(args, context);
  expect(host.changes).toHaveLength(after);
});

test('a process that does not end when it is told to is killed after its time', async () => {
  putFile(scheduler, 60);
  host.answer('ctr --namespace k8s.io tasks kill --signal SIGTERM', '');
  await restartStaticPods.apply(args, context);
  expect(host.changes.map((line) => line.replace(/^change \S+: /, ''))).toEqual([
    'ctr --namespace k8s.io tasks kill --signal SIGTERM old-kube-scheduler',
    'ctr --namespace k8s.io tasks kill --signal SIGKILL old-kube-scheduler',
  ]);
});

test('what was started again and is not healthy is waited for, and said', async () => {
  putFile(scheduler, 60);
  context = fakeContext(host, {
    clock: jumpingClock(nowMs),
    httpGet: async (url) => ({ status: url.includes('10259') ? 500 : 200, text: 'no' }),
  });
  const answered = { ...args, waitSeconds: 5 };
  host.put('/etc/kubernetes/manifests/kube-scheduler.yaml', 'no manifest');
  await expect(restartStaticPods.apply(answered, context)).rejects.toThrow(/manifest/);
});

test('without a majority of etcd only a new process is waited for', async () => {
  putFile(scheduler, 60);
  context = fakeContext(host, {
    clock: jumpingClock(nowMs),
    httpGet: async () => ({ status: 500, text: 'etcd' }),
  });
  await restartStaticPods.apply({ ...args, mustBeReady: false }, context);
  expect(running['kube-scheduler']?.id).toBe('new-kube-scheduler');
});
