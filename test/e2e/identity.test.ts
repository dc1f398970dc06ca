// The life of an identity, with the real agent, the real coordinator and the real command line as
// processes on the loopback: cloned, evicted, banned and made anew.
import { execFile } from 'node:child_process';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { NodeDocument } from '../../coordinator/operator/documents.ts';
import { decide } from '../../coordinator/planner/decide.ts';
import { keys, type NodeRecord } from '../../coordinator/store/records.ts';
import { AgentProcess } from '../support/agent-process.ts';
import {
  startTestCoordinator,
  type TestCoordinator,
  type TestCoordinatorOptions,
} from '../support/coordinator.ts';

const main = join(import.meta.dirname, '../../coordinator/main.ts');
/** Agents come back within half a minute, on a machine that has time for them. */
const patience = { timeout: 240_000, interval: 250 };

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

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

async function anAgent(coordinator: TestCoordinator, token?: string): Promise<AgentProcess> {
  const agent = await AgentProcess.create({
    coordinators: [`127.0.0.1:${coordinator.grpcPort}`],
    token: token ?? (await coordinator.token()),
  });
  onTestFinished(() => agent.remove());
  return agent;
}

const nodesOf = async ({ store }: TestCoordinator): Promise<readonly NodeRecord[]> =>
  (await store.range<NodeRecord>(keys.nodes)).map(({ value }) => value);

/** `NAME: STATE` of every record. */
const states = async (coordinator: TestCoordinator): Promise<readonly string[]> =>
  (await nodesOf(coordinator)).map(({ name, state }) => `${name}: ${state}`).sort();

const isOnline = async ({ operator }: TestCoordinator): Promise<boolean> => {
  const { documents } = await operator.Get({ kind: 'nodes', name: 'w1' }, { timeoutMs: 20_000 });
  return documents.some((text) => (JSON.parse(text.toString()) as NodeDocument).online);
};

async function explained({ operator }: TestCoordinator): Promise<string> {
  const { waits } = await operator.Explain({ node: '' }, { timeoutMs: 20_000 });
  return waits.map((wait) => wait.toString('utf8')).join('\n');
}

async function running(agent: AgentProcess): Promise<void> {
  agent.start();
  await expect.poll(() => agent.text(), patience).toContain('connected to the coordinator');
}

/** The coordinator's port as somebody on another address reaches it. */
async function anotherAddress(coordinator: TestCoordinator, address: string): Promise<string> {
  const server = createServer((socket) => {
    const onward = connect({
      host: '127.0.0.1',
      port: coordinator.grpcPort,
      localAddress: address,
    });
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  onTestFinished(() => void server.close());
  return `${address}:${(server.address() as AddressInfo).port}`;
}

test('a copy of an agent’s folders locks the identity, both addresses are named, and approve mends it', async () => {
  const coordinator = await aCoordinator({ decide });
  const honest = await anAgent(coordinator);
  await running(honest);
  const copy = await honest.clone([await anotherAddress(coordinator, '127.0.0.2')]);
  onTestFinished(() => copy.remove());
  copy.start();
  await expect.poll(() => states(coordinator), patience).toEqual(['w1: locked']);
  const [node] = await nodesOf(coordinator);
  expect([...(node?.lock?.addresses ?? [])].sort()).toEqual(['127.0.0.1', '127.0.0.2']);
  for (const agent of [honest, copy]) {
    await expect
      .poll(() => agent.text(), patience)
      .toContain('is locked: it polls from two agents');
  }
  await expect
    .poll(() => explained(coordinator), patience)
    .toMatch(/is locked, because two have its identity: .*127\.0\.0\.2.*node approve w1/s);
  expect((await cli(coordinator, 'get', 'nodes')).out).toMatch(/w1 +workers +locked/);

  await copy.kill();
  expect((await cli(coordinator, 'node', 'approve', 'w1')).code).toBe(0);
  await expect.poll(() => isOnline(coordinator), patience).toBe(true);
  expect(await states(coordinator)).toEqual(['w1: active']);
});

test('evict ends what an agent may do at once, needs --yes, and a new token brings the host back as itself', async () => {
  const coordinator = await aCoordinator();
  const agent = await anAgent(coordinator);
  await running(agent);
  const unsaid = await cli(coordinator, 'node', 'evict', 'w1');
  expect([unsaid.code, unsaid.err]).toEqual([3, expect.stringContaining('--yes')]);
  const dry = await cli(coordinator, 'node', 'evict', 'w1', '--dry-run');
  expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('would be so: w1 is evicted')]);
  expect(await states(coordinator)).toEqual(['w1: active']);

  expect((await cli(coordinator, 'node', 'evict', 'w1', '--yes')).code).toBe(0);
  await expect.poll(() => agent.text(), patience).toContain('is evicted: it may join again');
  await agent.kill();
  await agent.putToken(await coordinator.token());
  agent.start();
  await expect.poll(() => states(coordinator), patience).toEqual(['w1: active']);
  await expect.poll(() => isOnline(coordinator), patience).toBe(true);
});

test('a ban is of the key and of the machine, until an operator approves', async () => {
  const coordinator = await aCoordinator();
  const agent = await anAgent(coordinator);
  await running(agent);
  expect((await cli(coordinator, 'node', 'ban', 'w1', '--yes')).code).toBe(0);
  await expect.poll(() => agent.text(), patience).toContain('is banned');
  // Another key on the same machine.
  const again = await anAgent(coordinator);
  const tokenFile = join(again.configDirectory, 'join-token');
  expect(await again.start('join', '--token-file', tokenFile).end()).toBe(3);
  const refusals = (await coordinator.audit()).filter(({ event }) => event === 'join-refused');
  expect(refusals.map((line) => line['reason'])).toEqual(['machine-banned']);

  expect((await cli(coordinator, 'node', 'approve', 'w1')).code).toBe(0);
  await expect.poll(() => isOnline(coordinator), patience).toBe(true);
});

test('a host made anew returns under its name: refused with the way out, then approved', async () => {
  const coordinator = await aCoordinator({ decide });
  const old = await anAgent(coordinator);
  await running(old);
  await old.kill();
  const anew = await anAgent(coordinator);
  const tokenFile = join(anew.configDirectory, 'join-token');
  expect(await anew.start('join', '--token-file', tokenFile).end()).toBe(3);
  expect(anew.text()).toContain('`coordinator node approve w1 --yes`');
  expect(await explained(coordinator)).toContain('node approve w1 --yes');

  await expect.poll(() => isOnline(coordinator), patience).toBe(false);
  const approved = await cli(coordinator, 'node', 'approve', 'w1', '--yes');
  expect([approved.code, approved.err]).toEqual([0, expect.stringContaining('is evicted when')]);
  anew.start();
  await expect.poll(() => states(coordinator), patience).toEqual(['w1: active', 'w1: evicted']);
  await expect.poll(() => isOnline(coordinator), patience).toBe(true);
});
