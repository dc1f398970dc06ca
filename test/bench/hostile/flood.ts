// A program of its own, so that what it costs is not measured as what it does: floods a coordinator
// until it is told to stop. `node flood.ts PORT CA-FILE TOKEN-ID` says `ready`, and at its end what it tried.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { services } from '../../../shared/rpc/load.ts';
import { beginMessage, callWhole, openHostile, openTls } from '../../support/hostile-caller.ts';
import { newNodeKeys, proofFor, requestFor } from '../../support/test-node.ts';

const [port = '', caFile = '', tokenId = ''] = process.argv.slice(2);
const target = { grpcPort: Number(port), caPem: readFileSync(caFile, 'utf8') };
const counts = { joins: 0, giants: 0, halfOpen: 0, replays: 0 };
let source = 2;
const nextSource = (): string => {
  source = source >= 60 ? 2 : source + 1;
  return `127.0.0.${String(source)}`;
};

/** New connections, each with a few bad joins: guesses at a real token's secret. */
async function badJoins(): Promise<void> {
  const keys = newNodeKeys();
  const csr = await requestFor(keys);
  const { GetChallenge, Join } = services.enrollment;
  for (;;) {
    const session = await openHostile({ ...target, from: nextSource() });
    const challenge = await ask(
      session,
      'Enrollment/GetChallenge',
      GetChallenge.requestSerialize({}),
    );
    const { nonce } = GetChallenge.responseDeserialize(challenge);
    for (let index = 0; index < 5 && !session.destroyed; index += 1) {
      const token = `${tokenId}.${randomBytes(32).toString('base64url')}`;
      counts[index === 0 ? 'joins' : 'replays'] += 1;
      const message = Join.requestSerialize({
        token,
        csr,
        nonce,
        nonceSignature: proofFor(keys, nonce, token),
        nodeName: 'w1',
        agentVersion: '0.1.0',
        // The first is as large as it may be; the others say the same again.
        facts: Buffer.alloc(index === 0 ? 59_000 : 100, 0x7b),
      });
      await ask(session, 'Enrollment/Join', message);
    }
    session.destroy();
  }
}

/** Nothing when it was put out, or sent away: it comes again at once. */
async function ask(
  session: Awaited<ReturnType<typeof openHostile>>,
  method: string,
  message: Buffer,
): Promise<Buffer> {
  if (session.destroyed) return Buffer.alloc(0);
  return await Promise.race([callWhole(session, method, message), pause(5_000, Buffer.alloc(0))]);
}

async function giants(): Promise<void> {
  for (;;) {
    const session = await openHostile({ ...target, from: nextSource() });
    counts.giants += 1;
    if (!session.destroyed) {
      const stream = beginMessage(session, 'Enrollment/Join', 15 * 1024 * 1024);
      stream.write(Buffer.alloc(256 * 1024));
    }
    await pause(50);
    session.destroy();
  }
}

async function halfOpen(): Promise<void> {
  for (;;) {
    counts.halfOpen += 1;
    const from = nextSource();
    const isSilent = counts.halfOpen % 2 === 0;
    const socket = isSilent
      ? connectTcp({ port: target.grpcPort, host: '127.0.0.1', localAddress: from })
      : openTls({ ...target, from });
    socket.on('error', () => undefined);
    const closed = once(socket.resume(), 'close').catch(() => undefined);
    // Half a handshake: a first record that promises more than comes.
    if (isSilent) socket.write(Buffer.from([0x16, 0x03, 0x01, 0x40, 0x00, 0x01]));
    await Promise.race([closed, pause(200)]);
    if (counts.halfOpen % 50 === 0) socket.destroy();
  }
}

for (let index = 0; index < 8; index += 1) void badJoins();
for (let index = 0; index < 4; index += 1) void giants();
for (let index = 0; index < 16; index += 1) void halfOpen();
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  process.exit(0);
});
process.stdout.write('ready\n');
