import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askGuest, GuestRefusal } from '../../lab/guest/guest-agent.ts';
import { runInGuest } from '../../lab/guest/run-in-guest.ts';

interface Asked {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

let folder = '';
let path = '';
let server: Server;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-guest-'));
  path = join(folder, 'agent.sock');
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

type Say = (reply: unknown) => void;

/** An agent that knows the handshake; the rest is the test's. */
function anAgent(
  answer: (asked: Asked, say: Say) => void,
  { before = '' }: { readonly before?: string } = {},
): Promise<void> {
  server = createServer((socket: Socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1').replaceAll('\u00ff', '');
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const asked = JSON.parse(line) as Asked;
        const say: Say = (reply) => void socket.write(`${JSON.stringify(reply)}\n`);
        if (asked.execute === 'guest-sync-delimited') {
          socket.write(before);
          socket.write(Buffer.from([0xff]));
          socket.write(`{"return": ${Number(asked.arguments?.['id'])}}\n`);
        } else answer(asked, say);
      }
    });
  });
  return new Promise((resolve) => server.listen(path, resolve));
}

const call = { timeoutMs: 20_000 };
const ping = { execute: 'guest-ping' };

test('answers to callers that have gone are not taken for one’s own', async () => {
  const stale =
    '{"return": {"pid": 7}}\n{"return": 12345}\n{"error": {"desc": "half a question"}}\n';
  await anAgent((_asked, say) => say({ return: { pid: 8 } }), { before: stale });
  expect(await askGuest(path, ping, call)).toEqual({ pid: 8 });
});

test('several callers at once each get their own answer', async () => {
  await anAgent((asked, say) => say({ return: asked.arguments }));
  const numbers = [1, 2, 3, 4, 5];
  const asked = numbers.map((number) =>
    askGuest(path, { execute: 'echo', arguments: { number } }, call),
  );
  expect(await Promise.all(asked)).toEqual(numbers.map((number) => ({ number })));
});

test('waits for a guest that is just starting, and not for ever', async () => {
  const early = askGuest(path, ping, call);
  await anAgent((_asked, say) => say({ return: {} }));
  expect(await early).toEqual({});
  const none = join(folder, 'none.sock');
  await expect(askGuest(none, ping, { timeoutMs: 300 })).rejects.toThrow('silent for 300 ms');
});

test('what the agent says no to is an error of its own', async () => {
  await anAgent((_asked, say) => say({ error: { class: 'GenericError', desc: 'no such file' } }));
  const refused = askGuest(path, ping, call);
  await expect(refused).rejects.toThrow(GuestRefusal);
  await expect(refused).rejects.toThrow('no such file');
});

test('runs a program to its end: stdin, both outputs, exit code or signal', async () => {
  let looks = 0;
  const told: unknown[] = [];
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  await anAgent((asked, say) => {
    told.push(asked.arguments);
    if (asked.execute === 'guest-exec') return say({ return: { pid: 4 } });
    looks += 1;
    if (looks === 1) return say({ return: { exited: false } });
    const outputs = { 'out-data': base64('answer'), 'err-data': base64('complaint') };
    return say({ return: { exited: true, exitcode: 7, ...outputs } });
  });
  expect(await runInGuest(path, ['sh', '-c', 'cat'], { stdin: 'question' })).toEqual({
    stdout: 'answer',
    stderr: 'complaint',
    exitCode: 7,
  });
  expect(told[0]).toMatchObject({
    path: 'sh',
    arg: ['-c', 'cat'],
    'input-data': base64('question'),
  });
});

test('a program that takes too long is killed in the guest', async () => {
  const begun: unknown[] = [];
  await anAgent((asked, say) => {
    if (asked.execute !== 'guest-exec') return say({ return: { exited: false } });
    begun.push([asked.arguments?.['path'], asked.arguments?.['arg']]);
    return say({ return: { pid: 40 + begun.length } });
  });
  const endless = runInGuest(path, ['sleep', '60'], { timeoutMs: 200 });
  await expect(endless).rejects.toThrow('sleep 60 (in a host) took longer than 200 ms');
  expect(begun.at(-1)).toEqual(['kill', ['-KILL', '41']]);
});

test('a program that is not there ends as a shell would tell it', async () => {
  await anAgent((_asked, say) => say({ error: { desc: 'Failed to execute child process' } }));
  expect(await runInGuest(path, ['nosuch'])).toMatchObject({ exitCode: 127 });
});
