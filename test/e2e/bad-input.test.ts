// Bad input against real processes: the coordinator's own server and socket, the real command line,
// the real agent, and hosts that speak the real protocol with facts that are not good enough. Each
// time: one clear sentence where someone can act on it, nothing changed, nothing lost.
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { dataPaths } from '../../coordinator/keys/paths.ts';
import { decide } from '../../coordinator/planner/decide.ts';
import {
  type FactsRecord,
  keys,
  type PlanRecord,
  type TokenRecord,
} from '../../coordinator/store/records.ts';
import { update } from '../../coordinator/store/store.ts';
import { sha256Hex } from '../../shared/canonical.ts';
import type { NodeFacts } from '../../shared/model/facts.ts';
import { asPlanId, asStepId } from '../../shared/model/ids.ts';
import type { Step } from '../../shared/model/step.ts';
import { jsonToWire } from '../../shared/rpc/codec.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { aCluster, aFacts, aLock, aSpec } from '../support/cluster-builders.ts';
import {
  startTestCoordinator,
  type TestCoordinator,
  type TestCoordinatorOptions,
} from '../support/coordinator.ts';
import { failureOf } from '../support/expected-failure.ts';
import { acceptedRecord, finishedRecord } from '../support/journal-records.ts';
import { aDraft, issuesOnce } from '../support/plan-builders.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { joinOnce, openNode, type TestNode } from '../support/test-node.ts';

const call = { timeoutMs: 20_000 };
const MiB = 1024 * 1024;
const main = join(import.meta.dirname, '../../coordinator/main.ts');

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The real command line, by the coordinator's own socket. */
function cli(coordinator: TestCoordinator, ...argv: string[]): Promise<Ran> {
  const env = { ...process.env, MUSTER_DATA: coordinator.dataDir, NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...argv], { env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

async function aCoordinator(options: TestCoordinatorOptions = {}): Promise<TestCoordinator> {
  const coordinator = await startTestCoordinator(options);
  onTestFinished(() => coordinator.stop());
  return coordinator;
}

interface AgentWish {
  readonly address: string;
  readonly token: string;
  readonly artifacts?: readonly string[];
}

async function anAgent({ address, token, artifacts = [] }: AgentWish): Promise<AgentProcess> {
  const agent = await AgentProcess.create({ coordinators: [address], token, artifacts });
  onTestFinished(() => agent.remove());
  return agent;
}

const grpcOf = (coordinator: TestCoordinator): string => `127.0.0.1:${coordinator.grpcPort}`;
const tokenFileOf = (agent: AgentProcess): string => join(agent.configDirectory, 'join-token');
const joinWith = (agent: AgentProcess, ...more: readonly string[]): Promise<number | null> =>
  agent.start('join', '--token-file', tokenFileOf(agent), ...more).end();
const errorOf = (agent: AgentProcess): string =>
  agent.lines.findLast((line) => line.startsWith('muster-agent:')) ?? '';

async function hasJoined(agent: AgentProcess): Promise<boolean> {
  const identity = join(agent.stateDirectory, 'identity/identity.json');
  return await stat(identity).then(
    () => true,
    () => false,
  );
}

async function plansOf(coordinator: TestCoordinator): Promise<readonly PlanRecord[]> {
  return (await coordinator.store.range<PlanRecord>(keys.plans)).map(({ value }) => value);
}
const goalsOf = async (coordinator: TestCoordinator): Promise<readonly string[]> =>
  (await plansOf(coordinator)).map(({ nodeName, goal }) => `${nodeName}: ${goal}`).sort();

async function changeToken(
  coordinator: TestCoordinator,
  token: string,
  change: Partial<TokenRecord>,
): Promise<void> {
  const [id = ''] = token.split('.');
  await update<TokenRecord>(coordinator.store, keys.token(id), (record) =>
    record === null ? null : { ...record, ...change },
  );
}

/** With every artifact of the lock in its store, so that nothing but the hosts is at fault. */
async function aPlanningCoordinator(spec: object = {}): Promise<TestCoordinator> {
  const lock = aLock();
  const artifacts = lock.artifacts.map((artifact) => ({
    ...artifact,
    url: `file:///nowhere/${artifact.name}`,
    sha256: sha256Hex(Buffer.from(artifact.name)),
    size: artifact.name.length,
  }));
  const cluster = aCluster({ spec: aSpec(spec), lock: { ...lock, artifacts } });
  const coordinator = await aCoordinator({ decide, cluster });
  const folder = dataPaths(coordinator.dataDir).artifacts;
  await mkdir(folder, { recursive: true });
  for (const { name, sha256 } of artifacts) await writeFile(join(folder, sha256), name);
  return coordinator;
}

interface Host {
  readonly name: string;
  readonly number: number;
  readonly pool?: string;
  readonly facts?: Partial<NodeFacts>;
}

/** Joins and calls once. */
async function joinedHost(coordinator: TestCoordinator, host: Host): Promise<TestNode> {
  const token = await coordinator.token({ pool: host.pool ?? 'control-plane' });
  const node = await coordinator.join({ ...host, token });
  await node.poll({ holdMs: 0 });
  return node;
}

/** Joins, takes its staging plan and says that it is done: what may come next is up to the preflight. */
async function stagedHost(coordinator: TestCoordinator, host: Host): Promise<TestNode> {
  const node = await joinedHost(coordinator, host);
  const { plans } = await node.poll({ holdMs: 10_000 });
  expect(plans.map(({ goal }) => goal)).toEqual(['stage artifacts']);
  const planId = asPlanId(plans[0]?.planId ?? '');
  await node.report(0, [acceptedRecord(planId), finishedRecord(planId)]);
  return node;
}

test('an expired, a revoked and a used-up token get one sentence; the host keeps its token and may use it once it is extended', async () => {
  const coordinator = await aCoordinator();
  const expired = await coordinator.token();
  await changeToken(coordinator, expired, { expiresMs: Date.now() - 1 });
  const revoked = await coordinator.token();
  const id = revoked.split('.')[0] ?? '';
  expect(await cli(coordinator, 'token', 'revoke', id)).toMatchObject({ code: 0 });
  const spent = await coordinator.token();
  await changeToken(coordinator, spent, { spentBy: ['0000000000000000' as never] });

  const sentences: string[] = [];
  let late: AgentProcess | null = null;
  for (const token of [expired, revoked, spent]) {
    const agent = await anAgent({ address: grpcOf(coordinator), token });
    late ??= agent;
    expect(await joinWith(agent)).toBe(3);
    expect(await hasJoined(agent)).toBe(false);
    expect(await readFile(tokenFileOf(agent), 'utf8')).toBe(token);
    expect(agent.text()).not.toContain(token.split('.')[1]);
    sentences.push(errorOf(agent).replace(token.split('.')[0] ?? '', 'TOKEN'));
  }
  expect(new Set(sentences).size).toBe(1);
  expect(sentences[0]).toContain('make another with `coordinator token create`');
  // The side that may know does: which, from where, by whom.
  const refused = (await coordinator.audit()).filter(({ event }) => event === 'join-refused');
  expect(refused.map((line) => (line as unknown as { reason: string }).reason)).toEqual([
    'expired',
    'revoked',
    'used-up',
  ]);
  expect((await cli(coordinator, 'get', 'nodes')).err).toBe('no nodes\n');

  await cli(coordinator, 'token', 'extend', expired.split('.')[0] ?? '');
  expect(late === null ? null : await joinWith(late)).toBe(0);
});

test('a second host with the name or the machine of another is told which, and how to mend it; its token keeps its use', async () => {
  const coordinator = await aCoordinator();
  const first = await anAgent({
    address: grpcOf(coordinator),
    token: await coordinator.token(),
  });
  expect(await joinWith(first)).toBe(0);
  const token = await coordinator.token();
  const second = await anAgent({ address: grpcOf(coordinator), token });
  expect(await joinWith(second)).toBe(3);
  expect(errorOf(second)).toMatch(
    /refused this host: another node of cluster lab has the node name w1: w1, joined from 127\.0\.0\.1 at .+; give this host another name/,
  );
  expect(errorOf(second)).not.toContain('token create');
  expect(await hasJoined(second)).toBe(false);
  // Another name does not make it another machine.
  expect(await joinWith(second, '--name', 'w2')).toBe(3);
  expect(errorOf(second)).toMatch(
    /has the (machine-id|product uuid|hostname|address) .+: w1, joined/,
  );
  const explained = await cli(coordinator, 'explain');
  expect(explained.out).toMatch(/w2 may not join from 127\.0\.0\.1: another node of cluster lab/);
  expect(explained.out).toMatch(/needs you/);
  const nodes = await cli(coordinator, 'get', 'nodes', '-o', 'name');
  expect(nodes.out.trim().split('\n')).toEqual(['node/w1']);
  const stored = await coordinator.store.get<TokenRecord>(
    keys.token(token.split('.')[0] ?? 'none'),
  );
  expect(stored?.value.spentBy).toEqual([]);
});

test('two hosts with one machine-id or one address: the second is refused, both are named, the first is not touched', async () => {
  const coordinator = await aCoordinator();
  const uses = { pool: 'workers', uses: 3 };
  const token = await coordinator.token(uses);
  await coordinator.join({ token, name: 'w1', number: 21 });
  const before = await coordinator.store.range(keys.nodes);
  const cloned = await failureOf(
    joinOnce(coordinator, { token, name: 'w2', number: 22, facts: { machineId: 'machine-w1' } }),
  );
  expect(cloned).toMatchObject({ code: 'refused' });
  expect(cloned.message).toMatch(
    /machine-id machine-w1: w1, joined from .*systemd-machine-id-setup/,
  );
  const same = await failureOf(joinOnce(coordinator, { token, name: 'w3', number: 21 }));
  expect(same.message).toMatch(/address 192\.168\.7\.21: w1, .*give this host another address/);
  const { out } = await cli(coordinator, 'explain');
  expect(out).toContain('w2 may not join');
  expect(out).toContain('w3 may not join');
  expect(await coordinator.store.range(keys.nodes)).toEqual(before);
});

test('hosts that are too small, full or swapping are all named at once with what to do, and nothing is planned for them; mended, the install goes on', async () => {
  const coordinator = await aPlanningCoordinator();
  const facts = (name: string, number: number): NodeFacts => aFacts(name, `192.168.7.${number}`);
  const { disks } = facts('m2', 12);
  const full = (disks === 'unknown' ? [] : disks).map((disk) => ({
    ...disk,
    freeBytes: disk.path === '/var/lib/etcd' ? 100 * MiB : disk.freeBytes,
  }));
  const swap = { devices: ['/dev/sda2'], fstabLines: [], units: [] };
  await stagedHost(coordinator, { name: 'm1', number: 11 });
  const m2 = await joinedHost(coordinator, {
    name: 'm2',
    number: 12,
    facts: { memoryBytes: 512 * MiB, disks: full },
  });
  const m3 = await joinedHost(coordinator, { name: 'm3', number: 13, facts: { swap } });
  await joinedHost(coordinator, {
    name: 'w1',
    number: 21,
    pool: 'workers',
    facts: { memoryBytes: 100 * MiB },
  });
  const explain = async (): Promise<string> => (await cli(coordinator, 'explain')).out;
  await expect.poll(explain).toContain('w1 is left out');
  const text = await explain();
  for (const sentence of [
    'is stopped by the preflight before anything was touched',
    'm2: [memory] found 512 MiB of memory, needed 1700 MiB for pool control-plane; give the machine more memory',
    'm2: [disk] found 100 MiB free for /var/lib/etcd, needed 4096 MiB; free space on the file system of /var/lib/etcd',
    'm3: [swap] found swap is on: /dev/sda2, needed no swap; set host.swap: "off"',
    'w1 is left out: [memory] found 100 MiB of memory, needed 900 MiB for pool workers',
    'apply --ignore CHECK',
  ]) {
    expect(text).toContain(sentence);
  }
  expect(await goalsOf(coordinator)).toEqual(['m1: stage artifacts']);

  await m2.fleet.ReportFacts({ facts: jsonToWire(facts('m2', 12)) }, call);
  await m3.fleet.ReportFacts({ facts: jsonToWire(facts('m3', 13)) }, call);
  await expect
    .poll(() => goalsOf(coordinator))
    .toEqual(
      expect.arrayContaining(['m1: prepare host', 'm2: stage artifacts', 'm3: stage artifacts']),
    );
  expect(await goalsOf(coordinator)).not.toContain('w1: stage artifacts');
  expect(await explain()).toContain('w1 is left out');
});

test('swap is turned off by the plan when the spec says so', async () => {
  const swap = { devices: ['/dev/sda2'], fstabLines: ['/dev/sda2 none swap sw 0 0'], units: [] };
  const coordinator = await aPlanningCoordinator({
    host: { swap: 'off' },
    pools: [
      { name: 'control-plane', roles: ['etcd', 'control-plane'], size: 1 },
      { name: 'workers', roles: ['worker'] },
    ],
  });
  const m1 = await stagedHost(coordinator, { name: 'm1', number: 11, facts: { swap } });
  await expect.poll(() => goalsOf(coordinator)).toContain('m1: prepare host');
  const { plans } = await m1.poll();
  const kinds = plans.flatMap(({ stages }) => stages).flatMap(({ steps }) => steps);
  expect(kinds.map(({ kind }) => kind)).toContain('disable-swap');
});

test('a spec that contradicts itself is refused line by line with code 2, and the cluster stays as it is', async () => {
  const coordinator = await aCoordinator({ cluster: null });
  const folder = await temporaryDirectory();
  const file = join(folder, 'cluster.yaml');
  await writeFile(
    file,
    `apiVersion: muster/v1
kind: Cluster
metadata: {name: lab}
spec:
  kubernetes: {version: v1.37.1}
  network: {pods: 10.96.0.0/16, services: 10.96.0.0/12, plugins: flannel}
  pools:
    - {name: control-plane, roles: [etcd, control-plane], size: 2}
    - {name: workers, roles: [worker]}
    - {name: workers, roles: [worker]}
`,
  );
  const ran = await cli(coordinator, 'apply', '-f', file);
  expect(ran).toMatchObject({ code: 2, out: '' });
  const where = (line: number): RegExp => new RegExp(`cluster\\.yaml:${line}:\\d+: spec\\.`);
  expect(ran.err).toMatch(/nothing was changed/);
  expect(ran.err).toMatch(where(6));
  expect(ran.err).toContain('the nearest known one is "plugin"');
  // Contradictions are looked for once the fields themselves are right.
  await writeFile(file, (await readFile(file, 'utf8')).replace(', plugins: flannel', ''));
  const second = await cli(coordinator, 'apply', '-f', file);
  expect(second).toMatchObject({ code: 2, out: '' });
  for (const line of [6, 8, 10]) expect(second.err).toMatch(where(line));
  expect((await cli(coordinator, 'get', 'clusters', '-o', 'name')).out).toBe('');
});

test('a host of another fleet gets nothing here: neither by its certificate nor by asking as itself', async () => {
  const ours = await aCoordinator();
  const theirs = await aCoordinator();
  const stranger = await theirs.join({ name: 'w1', number: 21 });
  // Even one that would trust us.
  const node = openNode(
    { grpcPort: ours.grpcPort, caPem: ours.caPem },
    { ...stranger, keySet: await ours.keySet() },
  );
  onTestFinished(() => node.close());
  const refused = await failureOf(node.poll());
  expect(refused).toMatchObject({ code: 'unauthenticated' });
  expect(refused.message).toContain('needs a certificate of this fleet');
  const audit = (await ours.audit()).filter(({ event }) => event === 'call-refused');
  expect(audit).toHaveLength(1);

  // The agent of another fleet, pointed here by mistake, keeps what it has and says who it met.
  const agent = await anAgent({ address: grpcOf(theirs), token: await theirs.token() });
  expect(await joinWith(agent, '--name', 'w2')).toBe(0);
  const identity = await readFile(join(agent.stateDirectory, 'identity/identity.json'), 'utf8');
  const config = { coordinators: [grpcOf(ours)], artifacts: [] };
  await writeFile(join(agent.configDirectory, 'agent.json'), JSON.stringify(config));
  agent.start();
  await expect
    .poll(() => agent.text())
    .toContain(`no answer: who answers at ${grpcOf(ours)} is not a coordinator of this fleet`);
  await agent.kill('SIGTERM');
  expect(await readFile(join(agent.stateDirectory, 'identity/identity.json'), 'utf8')).toBe(
    identity,
  );
});

const fetchStep = (content: Buffer): Step => ({
  id: asStepId('fetch'),
  kind: 'fetch-artifact',
  args: {
    artifact: {
      name: 'kubelet',
      version: 'v1.37.1',
      sha256: sha256Hex(content),
      size: content.length,
    },
  },
  timeoutSeconds: 60,
  effect: 'change',
  onStop: 'interrupt',
  beginWithinSeconds: null,
});

/** One plan that fetches `content`; what the coordinator has under that digest is `stored`. */
async function aFetchingCoordinator(content: Buffer, stored: Buffer): Promise<TestCoordinator> {
  const stages = [{ title: 'fetch', steps: [fetchStep(content)] }];
  const coordinator = await aCoordinator({
    decide: issuesOnce((node) => aDraft(node, { stages })),
  });
  const folder = dataPaths(coordinator.dataDir).artifacts;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, sha256Hex(content)), stored);
  return coordinator;
}

const storeOf = (agent: AgentProcess): string => join(agent.stateDirectory, 'artifacts', 'sha256');

test('an artifact with the wrong sha256 fails the plan, is named with both digests, and nothing of it stays', async () => {
  const right = Buffer.alloc(300_000, 'right');
  const wrong = Buffer.alloc(300_000, 'wrong');
  const coordinator = await aFetchingCoordinator(right, wrong);
  const https = `https://127.0.0.1:${coordinator.httpsPort}`;
  const agent = await anAgent({
    address: grpcOf(coordinator),
    token: await coordinator.token(),
    artifacts: [https],
  });
  agent.start();
  const states = async () => (await plansOf(coordinator)).map(({ state }) => state);
  await expect.poll(states).toEqual(['failed']);
  const [plan] = await plansOf(coordinator);
  expect(plan).toMatchObject({ error: { code: 'artifact', retryable: false } });
  const shown = await cli(coordinator, 'plan', 'show', plan?.planId ?? '');
  const flat = shown.out.replace(/\s+/g, ' ');
  for (const part of [
    'kubelet v1.37.1 was not fetched',
    https,
    `sha256 ${sha256Hex(wrong)} where the plan names ${sha256Hex(right)}`,
    'coordinator artifacts verify',
  ]) {
    expect(flat).toContain(part);
  }
  expect(await readdir(storeOf(agent))).toEqual([]);
});

test('a server that cuts the transfer costs no byte twice: the agent goes on where it was cut', async () => {
  const content = Buffer.from(Array.from({ length: 400_000 }, (_, index) => index % 251));
  const coordinator = await aFetchingCoordinator(content, content);
  const starts: number[] = [];
  const cutting = createHttpServer((request, response) => {
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    starts.push(start);
    const isPart = start > 0;
    const range = `bytes ${start}-${content.length - 1}/${content.length}`;
    response.writeHead(isPart ? 206 : 200, {
      'content-length': content.length - start,
      ...(isPart ? { 'content-range': range } : {}),
    });
    const end = Math.min(content.length, start + 150_000);
    response.write(content.subarray(start, end), () => {
      if (end === content.length) response.end();
      else response.socket?.end();
    });
  });
  await new Promise<void>((resolve) => cutting.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void cutting.close());
  const agent = await anAgent({
    address: grpcOf(coordinator),
    token: await coordinator.token(),
    artifacts: [`http://127.0.0.1:${(cutting.address() as AddressInfo).port}`],
  });
  agent.start();
  const states = async () => (await plansOf(coordinator)).map(({ state }) => state);
  await expect.poll(states).toEqual(['done']);
  expect(starts).toEqual([0, 150_000, 300_000]);
  expect(await readFile(join(storeOf(agent), sha256Hex(content)))).toEqual(content);
});

/** A port that answers only while it is open; what comes goes to the coordinator. */
class Door {
  /** Nobody else's, so that nothing takes the port while it is closed. */
  static readonly host = '127.0.0.77';
  readonly port: number;
  #server: Server | null = null;
  readonly #to: () => number;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, to: () => number) {
    this.port = port;
    this.#to = to;
  }

  static async create(to: () => number): Promise<Door> {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, Door.host, resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    return new Door(port, to);
  }

  async open(): Promise<void> {
    const server = createServer((socket) => {
      const onward = connect(this.#to(), '127.0.0.1');
      for (const end of [socket, onward]) {
        this.#sockets.add(end);
        end.on('error', () => end.destroy());
      }
      socket.pipe(onward).pipe(socket);
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, Door.host, resolve));
  }

  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    if (server !== null) await new Promise((resolve) => server.close(resolve));
  }
}

test('a coordinator that is not there is named and waited for: before the join, and after it', async () => {
  const coordinator = await aCoordinator();
  const door = await Door.create(() => coordinator.grpcPort);
  onTestFinished(() => door.shut());
  const token = await coordinator.token();
  const agent = await anAgent({ address: `${Door.host}:${door.port}`, token });
  agent.start();
  await expect
    .poll(() => agent.text())
    .toMatch(
      new RegExp(`the coordinator at ${Door.host}:${door.port} does not answer: .*ECONNREFUSED`),
    );
  expect(agent.text()).toContain('not joined yet; trying again');
  expect(await readFile(tokenFileOf(agent), 'utf8')).toBe(token);

  await door.open();
  await expect.poll(() => agent.text()).toContain('connected to the coord');
  const times = (): number => agent.text().split('connected to the coordinator').length - 1;
  const before = times();
  await door.shut();
  await expect.poll(() => agent.text()).toMatch(/no answer: /);
  expect(await hasJoined(agent)).toBe(true);
  await door.open();
  await expect.poll(times).toBeGreaterThan(before);
  expect((await coordinator.audit()).filter(({ event }) => event === 'joined')).toHaveLength(1);
});

test('an agent tells how far its clock is off as soon as it may know, and no later', async () => {
  const coordinator = await aCoordinator();
  const agent = await anAgent({ address: grpcOf(coordinator), token: await coordinator.token() });
  agent.start();
  const skew = async (): Promise<unknown> =>
    (await coordinator.store.range<FactsRecord>(keys.allFacts))[0]?.value.facts.clockSkewMs;
  await expect.poll(skew).toEqual(expect.any(Number));
});
