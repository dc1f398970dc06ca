// The lab on real hosts: what it promises to those who build clusters on it, and that it leaves the
// machine as it was. Needs root.
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildGuestImage } from '../lab/guest/guest-image.ts';
import { readGuest } from '../lab/guest/guest-process.ts';
import { type HostSpec, type Lab, openLab } from '../lab/lab.ts';
import { listDirectory } from '../lab/machine/address.ts';
import { findCgroups } from '../lab/machine/cgroup.ts';
import { exists } from '../lab/machine/exists.ts';
import { labDirectory } from '../lab/paths.ts';
import { startHolder } from '../lab/run.ts';

const isRoot = process.getuid?.() === 0;
const deadlineMs = 20_000;
/** The same in every run, so that a run finds what an earlier one that was killed left behind. */
const names = { one: 'e2e-lab-a', two: 'e2e-lab-b' };
const crashed = 'e2e-lab-c';

const userData = `#cloud-config
write_files:
  - {path: /root/written, content: "by cloud-init", permissions: '0600'}
runcmd:
  - [sh, -c, 'cat /etc/machine-id > /root/ran']
`;

describe.skipIf(!isRoot)('a lab', () => {
  let one: Lab;
  let two: Lab;
  let mountsBefore: readonly string[];

  beforeAll(async () => {
    for (const name of [names.one, names.two, crashed]) await (await openLab({ name })).down();
    mountsBefore = await readMounts();
    [one, two] = await Promise.all([
      openLab({ name: names.one, log: console.log }),
      openLab({ name: names.two, log: console.log }),
    ]);
    await Promise.all([
      one.up([{ name: 'h1', userData }, { name: 'h2' }]),
      two.up([{ name: 'h1', userData: '#!/bin/sh\necho script > /root/written\n' }]),
    ]);
  });

  afterAll(async () => {
    await Promise.all([one, two].map((lab) => lab?.down()));
    await (await openLab({ name: crashed })).down();
  });

  test('boots hosts that run exactly their user-data', async () => {
    expect(await output(one, 'h1', ['cat', '/root/written'])).toBe('by cloud-init');
    expect(await output(one, 'h1', ['cat', '/root/ran'])).toBe(await machineId(one, 'h1'));
    expect(await output(two, 'h1', ['cat', '/root/written'])).toBe('script\n');
    expect((await one.exec('h2', ['ls', '/root/written'])).exitCode).not.toBe(0);
  });

  test('gives every host what a machine has of its own', async () => {
    const identities = await Promise.all(
      [
        { lab: one, host: 'h1' },
        { lab: one, host: 'h2' },
        { lab: two, host: 'h1' },
      ].map(async ({ lab, host }) => [
        await machineId(lab, host),
        await bootId(lab, host),
        await output(lab, host, ['cat', '/sys/class/dmi/id/product_uuid']),
      ]),
    );
    expect(new Set(identities.flat()).size).toBe(9);
    expect(await output(one, 'h1', ['hostname'])).toBe('h1\n');
    expect(await output(one, 'h1', ['tail', '-n', '+2', '/proc/swaps'])).toBe('');
    expect(await output(one, 'h1', ['findmnt', '-no', 'PROPAGATION', '/'])).toBe('shared\n');
    const links = await output(one, 'h1', ['ls', '/sys/class/net']);
    expect(links.trim().split('\n').sort()).toEqual(['eth0', 'lo']);
    // Process 1 in the root of every hierarchy that it can see is what kubelets build upon.
    const paths = (await output(one, 'h1', ['cat', '/proc/1/cgroup'])).trim().split('\n');
    expect(paths.filter((line) => line.includes('muster'))).toEqual([]);
    expect((await one.exec('h1', ['mkdir', '/sys/fs/cgroup/probe'])).stderr).toBe('');
  });

  test('keeps two labs apart', async () => {
    expect(one.subnet).not.toBe(two.subnet);
    expect(await canReach(one, 'h1', await one.addressOf('h2'))).toBe(true);
    expect(await canReach(one, 'h1', one.gateway)).toBe(true);
    expect(await canReach(one, 'h1', await two.addressOf('h1'))).toBe(false);
    expect(await canReach(one, 'h1', two.gateway)).toBe(false);
    const routes = await one.exec('h1', ['ip', 'route', 'get', '192.0.2.1']);
    expect(routes.stdout).toContain(`via ${one.gateway}`);
    expect(await canReach(one, 'h1', '192.0.2.1')).toBe(false);
  });

  test('keeps mounts made inside a host off the machine', async () => {
    await one.exec('h1', ['mount', '-t', 'tmpfs', 'probe', '/mnt']);
    const added = (await readMounts()).filter((line) => !mountsBefore.includes(line));
    expect(added.filter((line) => !line.includes('/run/netns'))).toEqual([]);
  });

  test('passes input, output and exit codes of what runs in a host', async () => {
    const script = 'cat; echo complaint >&2; exit 7';
    const result = await one.exec('h2', ['sh', '-c', script], { stdin: 'question' });
    expect(result).toEqual({ stdout: 'question', stderr: 'complaint\n', exitCode: 7 });
    await expect(one.exec('h2', ['sleep', '60'], { timeoutMs: 200 })).rejects.toThrow('sleep 60');
    await until(async () => (await one.exec('h2', ['pgrep', '-x', 'sleep'])).exitCode === 1);
  });

  test('keeps disk and machine-id over a pulled plug and shows a new boot', async () => {
    const before = { machine: await machineId(one, 'h2'), boot: await bootId(one, 'h2') };
    await one.exec('h2', ['sh', '-c', 'echo kept > /root/kept; echo etcd > /var/lib/etcd/kept']);
    await one.stop('h2');
    expect(await stateOf(one, 'h2')).toBe('stopped');
    await expect(one.exec('h2', ['true'])).rejects.toThrow('switched off');
    await one.start('h2');
    expect(await stateOf(one, 'h2')).toBe('running');
    expect(await output(one, 'h2', ['cat', '/root/kept', '/var/lib/etcd/kept'])).toBe(
      'kept\netcd\n',
    );
    expect(await machineId(one, 'h2')).toBe(before.machine);
    expect(await bootId(one, 'h2')).not.toBe(before.boot);
    expect(await canReach(one, 'h1', await one.addressOf('h2'))).toBe(true);
  });

  test('switches a host on although a unit in it waits for another host', async () => {
    const unit = '[Service]\\nType=notify\\nExecStart=/bin/sleep infinity\\nTimeoutStartSec=0\\n';
    const install = '[Install]\\nWantedBy=multi-user.target\\n';
    const path = '/etc/systemd/system/waits.service';
    await output(one, 'h2', ['sh', '-c', `printf '${unit}${install}' > ${path}`]);
    await one.exec('h2', ['systemctl', 'enable', '--quiet', 'waits.service']);
    await one.stop('h2');
    await one.start('h2');
    expect(await output(one, 'h2', ['systemctl', 'is-active', 'dbus.service'])).toBe('active\n');
    expect((await one.exec('h2', ['systemctl', 'is-active', 'waits.service'])).stdout).toBe(
      'activating\n',
    );
    await one.exec('h2', ['systemctl', 'disable', '--quiet', '--now', 'waits.service']);
  });

  test('cuts a host off the network and heals it', async () => {
    const address = await one.addressOf('h2');
    await one.cut('h2');
    expect(await stateOf(one, 'h2')).toBe('cut');
    expect(await canReach(one, 'h1', address)).toBe(false);
    expect((await one.exec('h2', ['true'])).exitCode).toBe(0);
    await one.heal('h2');
    await until(() => canReach(one, 'h1', address));
    expect(await stateOf(one, 'h2')).toBe('running');
  });

  test('adds a host that the others then know by name, and is idempotent', async () => {
    await two.addHost({ name: 'late' });
    expect(await output(two, 'h1', ['getent', 'hosts', 'late'])).toContain(
      await two.addressOf('late'),
    );
    const before = await two.status();
    await two.up([{ name: 'h1' }, { name: 'late' }]);
    expect(await two.status()).toEqual(before);
  });

  test('is cleaned up after a crash in the middle of up', async () => {
    for (const isFarEnough of [hasDisk, hasCgroup, hasProcess]) {
      const maker = await startHolder([process.execPath, '--input-type=module', '-e', upScript]);
      await until(isFarEnough);
      process.kill(maker.pid, 'SIGKILL');
      await maker.release();
      await (await openLab({ name: crashed })).down();
      expect(await readRemains(crashed)).toEqual([]);
    }
  });

  test('cleans up after a crash while a host with a kernel of its own boots', async () => {
    await buildGuestImage({ log: console.log });
    const maker = await startHolder([process.execPath, '--input-type=module', '-e', machineScript]);
    await until(hasGuest);
    process.kill(maker.pid, 'SIGKILL');
    await maker.release();
    const lab = await openLab({ name: crashed });
    expect(await lab.status()).toMatchObject([{ name: 'v1', state: 'running', isMachine: true }]);
    await lab.stop('v1');
    expect(await stateOf(lab, 'v1')).toBe('stopped');
    expect(await processesOf(crashed)).toEqual([]);
    await lab.down();
    expect(await readRemains(crashed)).toEqual([]);
  });

  test('goes on after a crash in the middle of up when brought up again', async () => {
    const maker = await startHolder([process.execPath, '--input-type=module', '-e', upScript]);
    await until(hasDisk);
    process.kill(maker.pid, 'SIGKILL');
    await maker.release();
    const lab = await openLab({ name: crashed });
    await lab.up([{ name: 'h9' }]);
    expect(await stateOf(lab, 'h9')).toBe('running');
    await lab.down();
  });

  test('leaves nothing behind, and the other lab alone', async () => {
    const program = await startHolder([...one.inFabric(['sh', '-c', 'echo on; exec sleep 600'])]);
    await one.down();
    await program.release();
    expect(await readRemains(names.one)).toEqual([]);
    expect(await stateOf(two, 'h1')).toBe('running');
    expect(await canReach(two, 'h1', await two.addressOf('late'))).toBe(true);
    await two.down();
    expect(await readRemains(names.two)).toEqual([]);
    const added = (await readMounts()).filter((line) => !mountsBefore.includes(line));
    expect(added.filter((line) => line.includes('e2e-'))).toEqual([]);
  });
});

const upScript = scriptThatBrings([{ name: 'h1' }, { name: 'h2' }]);
const machineScript = scriptThatBrings([{ name: 'v1', isMachine: true }]);

function scriptThatBrings(hosts: readonly HostSpec[]): string {
  return `
import { openLab } from ${JSON.stringify(new URL('../lab/lab.ts', import.meta.url).href)};
const lab = await openLab({ name: '${crashed}' });
console.log('going up');
await lab.up(${JSON.stringify(hosts)});
`;
}

async function hasGuest(): Promise<boolean> {
  return (await readGuest(crashed, 'v1')) !== undefined;
}

async function hasDisk(): Promise<boolean> {
  return (await listDirectory(`${labDirectory(crashed)}/hosts`)).length > 0;
}

async function hasCgroup(): Promise<boolean> {
  return (await findCgroups((name) => name.startsWith(`muster.${crashed}.`))).length > 0;
}

async function hasProcess(): Promise<boolean> {
  return (await processesOf(crashed)).length > 0;
}

/** Everything on the machine that still bears the lab's name. */
async function readRemains(lab: string): Promise<readonly string[]> {
  const scope = `muster.${lab}`;
  const machine = `muster-${lab}-`;
  const isOwn = (name: string): boolean =>
    name === scope || name.startsWith(`${scope}.`) || name.startsWith(machine);
  return [
    ...(await readMounts()).filter((line) => line.includes(scope) || line.includes(`/${lab}/`)),
    ...(await listDirectory('/run/netns')).filter(isOwn),
    ...(await listDirectory('/run/systemd/nspawn/propagate')).filter(isOwn),
    ...(await findCgroups(isOwn)),
    ...(await processesOf(lab)),
    ...((await exists(labDirectory(lab))) ? [labDirectory(lab)] : []),
  ];
}

async function processesOf(lab: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const cgroup = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
    if (!cgroup.includes(`/muster.${lab}.`)) continue;
    // One that has ended stays in the list until the machine's process 1 has looked at it.
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tZ');
    if (!/^State:\s+Z/m.test(status)) found.push(`process ${pid}`);
  }
  return found;
}

async function readMounts(): Promise<readonly string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).trim().split('\n');
  return lines.map((line) => line.split(' ').slice(3).join(' '));
}

async function output(lab: Lab, host: string, argv: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await lab.exec(host, argv);
  expect({ argv, exitCode, stderr }).toEqual({ argv, exitCode: 0, stderr: '' });
  return stdout;
}

function machineId(lab: Lab, host: string): Promise<string> {
  return output(lab, host, ['cat', '/etc/machine-id']);
}

function bootId(lab: Lab, host: string): Promise<string> {
  return output(lab, host, ['cat', '/proc/sys/kernel/random/boot_id']);
}

async function stateOf(lab: Lab, host: string): Promise<string | undefined> {
  return (await lab.status()).find(({ name }) => name === host)?.state;
}

async function canReach(lab: Lab, host: string, address: string): Promise<boolean> {
  return (await lab.exec(host, ['ping', '-c', '1', '-W', '1', address])).exitCode === 0;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${deadlineMs} ms for ${condition.name}`);
    await sleep(10);
  }
}
