// Certificates of a living cluster on real hosts: what ends when, renewal on demand and by itself, what is
// served afterwards, and that nothing is started again on the other masters.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CertificateDocument } from '../../coordinator/operator/documents.ts';
import { type Fleet, until } from '../lab/fleet.ts';
import { startHolder } from '../lab/run.ts';
import { openTestFleet } from '../lab/test-fleet.ts';

const serveAhead = join(import.meta.dirname, '../support/serve-ahead.ts');
const masters = ['m1', 'm2', 'm3'];
const served = ['kube-apiserver', 'etcd', 'etcd-peer'];

let fleet: Fleet;
const log = (line: string): void => console.log(`  ${line}`);

beforeAll(async () => {
  fleet = await openTestFleet({ lab: 'certs', masters: 3, log });
  await fleet.bootHosts([
    ...masters.map((name) => ({ name, pool: 'control-plane' })),
    { name: 'w1', pool: 'workers' },
    { name: 'w2', pool: 'workers' },
  ]);
  const isOver = async (): Promise<boolean> =>
    (await fleet.plans()).some(
      (plan) => plan.goal === 'run the smoke test' && plan.state === 'done',
    );
  await until(isOver, { what: 'the smoke test', timeoutMs: 600_000, everyMs: 500 });
});

afterAll(async () => {
  await fleet?.lab.down();
});

async function certificates(): Promise<readonly CertificateDocument[]> {
  const { stdout } = await fleet.coordinator(['certificates', 'check', '-o', 'json']);
  return (JSON.parse(stdout) as { readonly items: readonly CertificateDocument[] }).items;
}

const ofMuster = ({ renewal }: CertificateDocument): boolean => renewal.startsWith('by Muster');

/** Main processes of what makes up a control plane, by host and name. */
async function processes(): Promise<Readonly<Record<string, string>>> {
  const script =
    'for name in kube-apiserver kube-controller-manager kube-scheduler etcd kubelet containerd; do echo $name $(pgrep -x -o "$(echo $name | cut -c1-15)"); done';
  const told = await Promise.all(
    masters.map(async (name) => {
      const { stdout } = await fleet.lab.exec(name, ['sh', '-c', script], { timeoutMs: 30_000 });
      return stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
        .map(([what, pid]): [string, string] => [`${name} ${what}`, pid ?? '']);
    }),
  );
  return Object.fromEntries(told.flat());
}

const differing = (
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): readonly string[] => Object.keys(a).filter((key) => a[key] !== b[key]);

const digestOfCa = async (): Promise<readonly string[]> =>
  await Promise.all(
    masters.map(async (name) => {
      const { stdout } = await fleet.lab.exec(name, ['sha256sum', '/etc/kubernetes/pki/ca.crt'], {
        timeoutMs: 30_000,
      });
      return stdout;
    }),
  );

/** Every file of a control plane is the one that its process shows. */
async function isServed(): Promise<boolean> {
  const told = (await certificates()).filter(({ served: one }) => served.includes(one?.by ?? ''));
  return (
    told.length === masters.length * served.length &&
    told.every((one) => one.served?.isOfFile === true)
  );
}

test('every certificate of every host is known, in its file and as it is served', async () => {
  await until(isServed, { what: 'what is served to be measured', timeoutMs: 90_000, everyMs: 500 });
  const { exitCode, stdout } = await fleet.coordinator(['certificates', 'check']);
  console.log(stdout);
  expect(exitCode).toBe(0);
  const told = await certificates();
  expect(new Set(told.map(({ node }) => node))).toEqual(
    new Set(['coordinator', ...masters, 'w1', 'w2']),
  );
});

test('all certificates of one master are renewed, and nothing else notices', async () => {
  const before = {
    processes: await processes(),
    list: await certificates(),
    ca: await digestOfCa(),
  };
  const began = Date.now();
  console.log(await fleet.must(['certificates', 'renew', 'm2'], { timeoutMs: 300_000 }));
  const tookMs = Date.now() - began;
  log(`renewed all certificates of m2 in ${(tookMs / 1000).toFixed(1)} s`);
  await until(isServed, { what: 'the new ones to be served', timeoutMs: 60_000, everyMs: 500 });
  const after = await certificates();
  const endOf = (list: readonly CertificateDocument[], name: string): number =>
    list.find((one) => one.name === name)?.notAfterMs ?? 0;
  for (const { name, node } of before.list.filter(ofMuster)) {
    const isLater = endOf(after, name) > endOf(before.list, name);
    expect(`${name} ${isLater}`).toBe(`${name} ${node === 'm2'}`);
  }
  expect(differing(before.processes, await processes())).toEqual([
    'm2 kube-apiserver',
    'm2 kube-controller-manager',
    'm2 kube-scheduler',
  ]);
  expect(await digestOfCa()).toEqual(before.ca);
});

test('a master’s kubeadm finds nothing to complain of', async () => {
  const { stdout } = await fleet.lab.exec('m2', ['kubeadm', 'certs', 'check-expiration'], {
    timeoutMs: 60_000,
  });
  console.log(stdout);
  // Only the first master has a super-admin.conf, and hosts become masters in the order they come.
  expect(stdout.replace(/^!MISSING! super-admin\.conf.*$/m, '')).not.toMatch(/MISSING|invalid/i);
  expect(stdout.match(/364d|365d/g)?.length ?? 0).toBeGreaterThanOrEqual(6);
});

test('those near their end are renewed without anyone asking, one master after the other', async () => {
  const before = await certificates();
  await fleet.endCoordinator('SIGTERM');
  const program = [process.execPath, serveAhead, fleet.dataDir, '340'];
  const ahead = await startHolder(fleet.lab.inFabric(program));
  try {
    const renewed = async (): Promise<number> =>
      (await fleet.plans()).filter(
        ({ goal, state }) => goal === 'renew certificates' && state === 'done',
      ).length;
    // m2 was renewed a moment ago: what is made anew and still about to end is not, for a day.
    await until(async () => (await renewed()) >= 3, {
      what: 'm1 and m3 to be renewed',
      timeoutMs: 240_000,
      everyMs: 500,
    });
    const { exitCode } = await fleet.coordinator(['certificates', 'check']);
    expect(exitCode).toBe(1);
  } finally {
    await ahead.release();
    await fleet.startCoordinator();
  }
  await until(isServed, { what: 'the new ones to be served', timeoutMs: 90_000, everyMs: 500 });
  const after = new Map((await certificates()).map((one) => [one.name, one.notAfterMs ?? 0]));
  const same = before
    .filter(ofMuster)
    .filter(({ name, notAfterMs }) => after.get(name) === notAfterMs);
  expect(new Set(same.map(({ node }) => node))).toEqual(new Set(['m2']));
  const gone = await fleet.coordinator(['wait', '--for', 'healthy', '--timeout', '60s']);
  expect(gone.exitCode, gone.stderr).toBe(0);
});
