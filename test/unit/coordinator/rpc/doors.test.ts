// The open port as strangers and members find it: how large, how many and for how long. The limits of
// connections are tried with small numbers of their own; those of messages on a real coordinator.
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { initCoordinator } from '../../../../coordinator/init.ts';
import { openKeys } from '../../../../coordinator/keys/keys.ts';
import { type DoorLimits, doorLimits, type RoomLimits } from '../../../../coordinator/rpc/door.ts';
import { type RpcServer, startOpenPort } from '../../../../coordinator/rpc/server.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { EnrollmentDefinition } from '../../../../shared/rpc/generated/muster/v1/Enrollment.ts';
import { implement } from '../../../../shared/rpc/handler.ts';
import { services } from '../../../../shared/rpc/load.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import {
  beginMessage,
  callWhole,
  closed,
  openHostile,
  openTls,
} from '../../../support/hostile-caller.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const call = { timeoutMs: 30_000 };

describe('a message', () => {
  let coordinator: TestCoordinator;
  afterEach(async () => {
    await coordinator.stop();
  });

  it('of a stranger has at most 64 KiB, and of the facts in it many times what a host has', async () => {
    coordinator = await startTestCoordinator();
    const much = (entries: number) =>
      Array.from({ length: entries }, (_, index) => `/etc/kubernetes/manifests/${String(index)}`);
    const token = await coordinator.token();
    await coordinator.join({ token, name: 'w1', number: 1, facts: { leftovers: much(100) } });
    const proxyEnvironment = Array.from({ length: 3_000 }, () => 'A'.repeat(30));
    const refused = coordinator.join({ name: 'w2', number: 2, facts: { proxyEnvironment } });
    expect(await failureOf(refused)).toMatchObject({
      code: 'invalid',
      retryable: false,
      message: expect.stringContaining('takes no message so large'),
    });
  });

  it('of a stranger to the members’ services is refused without being read', async () => {
    coordinator = await startTestCoordinator();
    const session = await openHostile(coordinator);
    const stream = beginMessage(session, 'Fleet/ReportProgress', 3);
    // No protobuf message is made of these; nobody tries.
    stream.end(Buffer.from([0xff, 0xff, 0xff]));
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect(headers['grpc-status']).toBe('16');
    session.destroy();
  });

  it('of a member that is not one is answered so, not as a fault of ours', async () => {
    coordinator = await startTestCoordinator();
    const session = await openHostile(coordinator);
    const stream = beginMessage(session, 'Enrollment/Join', 3);
    stream.end(Buffer.from([0xff, 0xff, 0xff]));
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect(headers['grpc-status']).toBe('3');
    expect(decodeURI(String(headers['grpc-message']))).toBe(
      'the request of Join is not its message',
    );
    session.destroy();
  });

  it('of a member has at most what its method is for', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const records = Array.from({ length: 10 }, () => Buffer.alloc(100 * 1024, 0x20));
    expect(await node.fleet.ReportProgress({ journalId: 'j', offset: 0, records }, call)).toEqual({
      nextOffset: 10,
    });
    const facts = Buffer.alloc(600 * 1024);
    expect(await failureOf(node.fleet.ReportFacts({ facts }, call))).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('a request of ReportFacts has at most 524288 bytes'),
    });
  });
});

describe('a connection', () => {
  let server: RpcServer;
  afterEach(async () => {
    await server.stop();
  });

  const stranger: RoomLimits = { each: 100, inAll: 100, bytesAtOnce: 1e9, bytesPerSecond: 0 };
  async function open(limits: Partial<DoorLimits> & { stranger?: RoomLimits }, unfinishedMs = 1e6) {
    const dataDir = await temporaryDirectory();
    await initCoordinator({ dataDir, addresses: ['127.0.0.1'], grpcPort: 0, httpsPort: 0 });
    const keys = await openKeys(dataDir, { addresses: ['127.0.0.1'], now: Date.now() });
    server = await startOpenPort({
      host: '127.0.0.1',
      port: 0,
      identity: keys.serverIdentity,
      services: [
        implement<EnrollmentDefinition>(
          services.enrollment,
          {
            GetChallenge: async () => ({}),
            Join: async () => ({}),
            Return: async () => ({}),
            Login: async () => ({}),
          },
          { log: silentLogger, signal: new AbortController().signal },
        ),
      ],
      clock: systemClock,
      log: silentLogger,
      limits: {
        ...doorLimits,
        ...limits,
        rooms: { ...doorLimits.rooms, stranger: limits.stranger ?? stranger },
      },
      unfinishedMs,
    });
    return { grpcPort: server.port, caPem: keys.fleetCaPem };
  }

  it('that never ends its handshake is ended', async () => {
    const { grpcPort } = await open({ handshakeMs: 100 });
    const socket = connectTcp(grpcPort, '127.0.0.1').on('error', () => undefined);
    await closed(socket.resume());
  });

  it('of a stranger lasts no longer than a join needs, however it is used', async () => {
    const target = await open({ stranger: { ...stranger, longestMs: 200 } });
    const socket = openTls(target);
    await once(socket, 'secureConnect');
    await closed(socket.resume());
  });

  it('of a stranger that says more than a join is long is ended', async () => {
    const target = await open({ stranger: { ...stranger, bytesAtOnce: 10_000 } });
    const session = await openHostile(target);
    const flood = setInterval(() => session.destroyed || session.ping(() => undefined), 1);
    await closed(session);
    clearInterval(flood);
  });

  it('on which a request does not end is ended', async () => {
    const session = await openHostile(await open({}, 200));
    beginMessage(session, 'Enrollment/Join', 60_000).write(Buffer.alloc(59_999));
    await closed(session);
  });

  it('of a stranger that asks again and again for what is not there is ended', async () => {
    const session = await openHostile(await open({}));
    let asked = 0;
    while (!session.destroyed && !session.closed && asked < 200) {
      asked += 1;
      await callWhole(session, 'Nothing/Here', Buffer.alloc(0));
    }
    expect(asked).toBeLessThan(40);
  });

  it('too many of one source ends the oldest of that source, and of no other', async () => {
    const target = await open({ stranger: { ...stranger, each: 2 } });
    const first = openTls(target);
    await once(first, 'secureConnect');
    const other = openTls({ ...target, from: '127.0.0.2' });
    await once(other, 'secureConnect');
    const gone = closed(first.resume());
    const later = [openTls(target), openTls(target)];
    const welcome = later.map((socket) => once(socket, 'secureConnect'));
    await Promise.all([gone, ...welcome]);
    expect(other.destroyed).toBe(false);
    for (const socket of [other, ...later]) socket.destroy();
  });
});
