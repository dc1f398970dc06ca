// A worker with a kernel of its own, from its cloud-init to a Ready node. What the lab's containers
// cannot show: swap, modules and settings of the whole machine, cgroup v2, a reboot, and power cuts after
// which everything that its kernel had not written is lost.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { buildBinaries } from '../lab/fleet/binaries.ts';
import type { Fleet } from '../lab/fleet.ts';
import { openTestFleet } from '../lab/test-fleet.ts';
import { type MachineHost, machineHost } from '../support/machine-host.ts';

/** Of the whole machine: no container may set them. */
const sysctls = { 'vm.max_map_count': '262144', 'kernel.pid_max': '4194303' };
const modules = ['overlay', 'br_netfilter', 'vxlan', 'nf_conntrack'];

/** Of one test, beside other work and without the processor's help. */
const slow = { timeout: 30 * 60_000 };

let fleet: Fleet;
let v1: MachineHost;
let agentSha256 = '';
let nodeId = '';

const log = (line: string): void => console.log(`  ${line}`);
const beganMs = Date.now();
const say = (line: string): void => log(`${Math.round((Date.now() - beganMs) / 1000)} s ${line}`);

beforeAll(async () => {
  fleet = await openTestFleet({ lab: 'guest', masters: 1, log });
  await applyHost({ sysctls });
  v1 = machineHost(fleet, 'v1');
  const { agent } = await buildBinaries(log);
  agentSha256 = createHash('sha256')
    .update(await readFile(agent))
    .digest('hex');
});

afterAll(async () => {
  await fleet?.lab.down();
});

test(
  'a power cut 5 s after joining costs nothing: it calls again by itself, as the same node',
  slow,
  async () => {
    // Swap as many images of clouds have it: on, and in /etc/fstab.
    const swap = 'swap: {filename: /swap.img, size: 134217728}';
    const userData = `${await fleet.userData('workers', 1)}${swap}\n`;
    let failure: unknown = null;
    const booted = fleet.lab
      .addHost({ name: 'v1', userData, isMachine: true })
      .catch((error: unknown) => {
        failure = error;
      });
    await v1.until('to join', async () => {
      if (failure !== null) throw failure;
      return (await v1.node()) !== undefined;
    });
    nodeId = (await v1.node())?.id ?? '';
    say('v1 has joined');
    await sleep(5000);
    // By itself its kernel writes nothing of a file for an hour: on a busy machine the plug may be late.
    await v1.sh('sysctl -q -w vm.dirty_expire_centisecs=360000');
    await v1.sh(
      'echo kept >/root/kept; sync /root/kept; head -c 20000000 /dev/urandom >/root/lost',
    );
    await v1.powerCut();
    await booted;
    say('v1 calls again after the first power cut');
    // What makes this a power cut: the file that was not synced did not get to the disk.
    expect(await v1.sh('cat /root/kept')).toBe('kept');
    expect(Number(await v1.sh('stat -c %s /root/lost || echo 0'))).toBeLessThan(20_000_000);
    await expectWhole();
    // Its work is done, and its Python would cost a slow host half of each boot that follows.
    await v1.sh('touch /etc/cloud/cloud-init.disabled; sync');
  },
);

test(
  'swap is refused by the preflight, which names it, and the spec turns it off',
  slow,
  async () => {
    await v1.until('to be left out', async () => (await v1.node())?.phase === 'left out');
    const waits = (await v1.node())?.waits.map((wait) => wait.for).join('\n');
    expect(waits).toContain('swap is on: /swap.img');
    expect(await v1.sh('cat /proc/swaps')).toContain('/swap.img');
    // Nobody downloads a gigabyte for a host that may become no node.
    expect(await v1.plan('stage artifacts')).toBeUndefined();
    await applyHost({ sysctls, swap: 'off' });
    await fleet.bootHosts([{ name: 'm1', pool: 'control-plane' }]);
    say('m1 has booted');
  },
);

test('a power cut in the middle of staging: it goes on by itself', slow, async () => {
  await v1.until('to have staged some artifacts', async () => {
    const steps = (await v1.plan('stage artifacts'))?.steps ?? [];
    return steps.some((step) => step.state === 'changed');
  });
  expect((await v1.plan('stage artifacts'))?.finishedMs).toBeNull();
  await v1.powerCut();
  say('v1 calls again after a power cut while staging');
  await expectWhole();
});

test('a power cut while images are unpacked: what is there is whole', slow, async () => {
  await v1.until('to have imported an image', async () => (await imports()).includes('changed'));
  // Some are in its store, and with others containerd is in the middle.
  expect((await v1.plan('prepare host'))?.finishedMs).toBeNull();
  await v1.powerCut();
  say('v1 calls again after a power cut while preparing');
  await expectWhole();
});

test('a power cut right after kubeadm: it becomes a Ready node by itself', slow, async () => {
  await v1.until('to have joined Kubernetes', async () => {
    const steps = (await v1.plan('join as worker'))?.steps ?? [];
    return steps.some((one) => one.stepId === 'join-kubelet-start' && one.state === 'changed');
  });
  say('kubeadm has joined v1');
  await v1.powerCut();
  say('v1 calls again after a power cut while joining Kubernetes');
  await expectWhole();
  await v1.until('to be ready', async () => (await v1.node())?.phase === 'ready');
  say('v1 is ready');
  await fleet.must(['kubeconfig', '-o', fleet.kubeconfig]);
  await untilKubernetesSeesIt();
  say('v1 is Ready in Kubernetes, and runs its pods');
  await expectSettled();
});

test('after a reboot all of it is still so', slow, async () => {
  await v1.reboot();
  say('v1 has rebooted');
  await untilKubernetesSeesIt();
  say('v1 is Ready in Kubernetes again');
  await expectWhole();
  await expectSettled();
  await expectContent();
});

/** States of the steps that import an image. */
async function imports(): Promise<readonly string[]> {
  const plan = await v1.plan('prepare host');
  const steps = (plan?.stages ?? []).flatMap((stage) => stage.steps);
  const ids = steps.filter((step) => step.kind === 'import-image').map((step) => step.id);
  return (plan?.steps ?? []).filter((one) => ids.includes(one.stepId)).map((one) => one.state);
}

async function applyHost(host: Readonly<Record<string, unknown>>): Promise<void> {
  const document = parseDocument(await readFile(join(fleet.lab.directory, 'cluster.yaml'), 'utf8'));
  document.setIn(['spec', 'host'], host);
  const path = join(fleet.lab.directory, 'machine.yaml');
  await writeFile(path, document.toString());
  await fleet.apply(path);
}

/** Binary, identity and unit are what they were, and one node bears the name. */
async function expectWhole(): Promise<void> {
  const [sum] = (await v1.sh('sha256sum /usr/local/bin/muster-agent')).split(' ');
  expect(sum).toBe(agentSha256);
  expect(await v1.sh('systemctl is-active muster-agent')).toBe('active');
  // Since this boot: an agent that finds its files in pieces ends, and is started again.
  expect(await v1.sh('systemctl show -p NRestarts --value muster-agent')).toBe('0');
  const identity = await v1.sh('cat /var/lib/muster-agent/identity/identity.json');
  expect((JSON.parse(identity) as { nodeId: string }).nodeId).toBe(nodeId);
  const rows = (await fleet.nodes()).filter((row) => row.name.startsWith('v1'));
  expect(rows.map((row) => row.id)).toEqual([nodeId]);
}

/** As Kubernetes itself says it, of the boot that the host is in. */
async function untilKubernetesSeesIt(): Promise<void> {
  const boot = await v1.sh('cat /proc/sys/kernel/random/boot_id');
  const path = '{.status.nodeInfo.bootID} {.status.conditions[?(@.type=="Ready")].status}';
  await v1.until('to be Ready in Kubernetes', async () => {
    const { stdout } = await fleet.kubectl(['get', 'node', 'v1', '-o', `jsonpath=${path}`]);
    return stdout === `${boot} True`;
  });
  const running =
    '{range .items[*]}{.metadata.name} {.status.containerStatuses[*].ready}{"\\n"}{end}';
  await v1.until('to run its pods', async () => {
    const { stdout } = await fleet.kubectl([
      ...['get', 'pods', '-n', 'kube-system', '--field-selector', 'spec.nodeName=v1'],
      ...['-o', `jsonpath=${running}`],
    ]);
    const pods = stdout.trim().split('\n');
    return ['kube-proxy', 'flannel'].every((name) =>
      pods.some((line) => line.startsWith(name) && line.endsWith(' true')),
    );
  });
}

async function expectSettled(): Promise<void> {
  expect((await v1.sh('cat /proc/swaps')).split('\n')).toHaveLength(1);
  expect(await v1.sh('grep -v "^#" /etc/fstab')).not.toContain('swap');
  const loaded = await v1.sh('cut -d " " -f 1 /proc/modules');
  expect(loaded.split('\n')).toEqual(expect.arrayContaining(modules));
  const wanted = { ...sysctls, 'kernel.panic': '10', 'vm.overcommit_memory': '1' };
  const values = await v1.sh(`sysctl ${Object.keys(wanted).join(' ')}`);
  expect(values.split('\n')).toEqual(
    Object.entries(wanted).map(([name, value]) => `${name} = ${value}`),
  );
  expect(await v1.sh('stat -f -c %T /sys/fs/cgroup')).toBe('cgroup2fs');
  expect(await v1.sh('grep cgroupDriver /var/lib/kubelet/config.yaml')).toBe(
    'cgroupDriver: systemd',
  );
  expect(await v1.sh('systemctl is-active kubepods.slice containerd kubelet')).toBe(
    'active\nactive\nactive',
  );
  expect(await v1.sh('uname -r')).toMatch(/cloud/);
}

/** Of all that happened to it: what is in the agent's store is what its name says, and images have content. */
async function expectContent(): Promise<void> {
  const store = '/var/lib/muster-agent/artifacts/sha256';
  const sums = await v1.sh(`cd ${store} && ls | grep -E "^[0-9a-f]{64}$" | xargs sha256sum`);
  for (const line of sums.split('\n')) {
    const [sum, name] = line.split(/\s+/);
    expect(sum).toBe(name);
  }
  const snapshots = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';
  const empty = await v1.sh(`find ${snapshots} -type f -perm -100 -size 0`);
  const halves = await halfUnpacked();
  const programs = empty.split('\n').filter((path) => path !== '');
  expect(programs.filter((path) => !halves.some((half) => path.startsWith(half)))).toEqual([]);
}

/** Folders of images that a power cut interrupted: containerd uses none of them, and drops them within a day. */
async function halfUnpacked(): Promise<readonly string[]> {
  const script = `for space in k8s.io muster; do
    ctr -n $space snapshots ls | awk '/^extract-/ {print $1 " " $2}' | while read -r key; do
      ctr -n $space snapshots mounts /mnt "$key"
    done
  done`;
  return (await v1.sh(script)).split('\n').flatMap((mount) => {
    const [, upper] = /upperdir=([^,\s]+)/.exec(mount) ?? /bind (\S+)/.exec(mount) ?? [];
    return upper === undefined ? [] : [`${upper}/`];
  });
}
