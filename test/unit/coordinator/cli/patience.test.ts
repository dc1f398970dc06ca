// Commands that wait against a real coordinator that goes away, and against one that says nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withCoordinator } from '../../../../coordinator/cli/connection.ts';
import { runCli } from '../../../../coordinator/cli/program.ts';
import { keys } from '../../../../coordinator/store/records.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { failureOf } from '../../../support/expected-failure.ts';

const noise = /Deadline|RST_STREAM|ENOENT|ECONNREFUSED|LB pick|CANCELLED|the call was ended/;
const silent = 'the coordinator does not answer, waiting for it\n';
const back = 'the coordinator answers again\n';

interface Running {
  readonly ended: Promise<number>;
  /** Resolves once it was said, on either stream. */
  said(text: string): Promise<void>;
  readonly output: () => string;
  stop(): void;
}

/** A command as it runs, with what it has said so far. */
function begin(argv: readonly string[], socket: string): Running {
  let output = '';
  const stop = new AbortController();
  const waiters: { readonly text: string; readonly resolve: () => void }[] = [];
  const add = (text: string): void => {
    output += text;
    for (const waiter of waiters) if (output.includes(waiter.text)) waiter.resolve();
  };
  const ended = runCli(argv, {
    out: add,
    err: add,
    isTerminal: false,
    env: { MUSTER_SOCKET: socket },
    signal: stop.signal,
    clock: systemClock,
    cwd: '/',
  });
  return {
    ended,
    output: () => output,
    said: (text) =>
      new Promise((resolve) => {
        if (output.includes(text)) resolve();
        else waiters.push({ text, resolve });
      }),
    stop: () => stop.abort(),
  };
}

const countOf = (text: string, part: string): number => text.split(part).length - 1;

describe('while the coordinator is restarted', () => {
  let coordinator: TestCoordinator;
  beforeEach(async () => {
    coordinator = await startTestCoordinator();
  });
  afterEach(async () => {
    await coordinator.stop();
  });
  const socket = (): string => join(coordinator.dataDir, 'coordinator.sock');

  it('wait goes on, and says once that it waits and once that it goes on', async () => {
    const command = begin(['wait', '--for', 'joined=1', '--timeout', '1m'], socket());
    await command.said('0 of 1 nodes joined\n');
    await coordinator.restart();
    await command.said(back);
    await coordinator.join({ name: 'w1', number: 1 });
    expect(await command.ended).toBe(0);
    const output = command.output();
    expect([countOf(output, silent), countOf(output, back)]).toEqual([1, 1]);
    expect(output).not.toMatch(noise);
  });

  it.each([
    ['logs -f', ['logs', '-f'], 'joined pool workers'],
    ['get -w', ['get', 'nodes', '-w'], 'w1'],
  ])('%s goes on with what comes after', async (_what, argv, expected) => {
    const command = begin(argv, socket());
    if (argv.includes('-w')) await command.said('no nodes\n');
    else {
      await coordinator.operator.Retry({ node: '' }, { timeoutMs: 20_000 });
      await command.said('retry: holds released');
    }
    await coordinator.restart();
    await command.said(back);
    await coordinator.join({ name: 'w1', number: 1 });
    await command.said(expected);
    command.stop();
    expect(await command.ended).toBe(130);
    const output = command.output();
    expect([countOf(output, silent), countOf(output, back)]).toEqual([1, 1]);
    expect(output).not.toMatch(noise);
  });

  it('smoke-test is one run, asked for once more', async () => {
    const cluster = await coordinator.store.get<object>(keys.cluster('lab'));
    const ready = { ...cluster?.value, masters: ['0123456789abcdef'] };
    await coordinator.store.put(keys.cluster('lab'), ready, cluster?.revision ?? 0);
    const before = await coordinator.store.revision();
    const command = begin(['smoke-test', '--timeout', '1m'], socket());
    await coordinator.store.changed(before, new AbortController().signal);
    await coordinator.restart();
    await command.said(back);
    command.stop();
    await command.ended;
    expect(await coordinator.store.range(keys.requests)).toHaveLength(1);
    expect(command.output()).not.toMatch(noise);
  });
});

describe('a coordinator that takes calls and says nothing', () => {
  let folder = '';
  let path = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-silent-'));
    path = join(folder, 'coordinator.sock');
    await new Promise<void>((resolve) => void server.listen(path, resolve));
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => void server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ['wait', ['wait', '--for', 'ready', '--timeout', '2s']],
    ['kubeconfig', ['kubeconfig', '--timeout', '2s']],
    ['smoke-test', ['smoke-test', '--timeout', '2s']],
  ])('is waited for by %s until its time is over', async (_what, argv) => {
    const command = begin(argv, path);
    expect(await command.ended).toBe(124);
    expect(countOf(command.output(), silent)).toBe(1);
    expect(command.output()).not.toMatch(noise);
  });

  it('is named in one sentence, with code 5, by a command that asks once', async () => {
    const io = {
      out: () => {},
      err: () => {},
      isTerminal: false,
      env: {},
      signal: new AbortController().signal,
      clock: systemClock,
      cwd: '/',
    };
    const asked = withCoordinator({ socket: path }, io, async (call) => {
      await call('Version', {}, { timeoutMs: 300 });
    });
    expect(await failureOf(asked)).toMatchObject({
      code: 'unavailable',
      message: `the coordinator at ${path} took the call and did not answer within 1 s: it is busy or stuck, and its log says at what`,
    });
  });
});
