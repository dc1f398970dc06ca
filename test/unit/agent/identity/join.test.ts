import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readIdentity } from '../../../../agent/identity/identity.ts';
import { type JoinOptions, joinFleet } from '../../../../agent/identity/join.ts';
import { openEnrollment } from '../../../../agent/link/enrollment-client.ts';
import { joinWith } from '../../../../agent/membership.ts';
import { type Clock, systemClock } from '../../../../shared/clock.ts';
import { AppError } from '../../../../shared/errors.ts';
import { parseJoinToken } from '../../../../shared/join-token.ts';
import { type Logger, silentLogger } from '../../../../shared/log.ts';
import { checkPin } from '../../../../shared/pin.ts';
import { aFacts } from '../../../support/cluster-builders.ts';
import { FleetServer, type FleetServerOptions } from '../../../support/fleet-server.ts';
import { folderOf } from '../../../support/on-disk.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

async function aServer(options: FleetServerOptions = {}): Promise<FleetServer> {
  const server = await FleetServer.start(options);
  onTestFinished(() => server.close());
  return server;
}

/** Waits are a tenth as long, the time of day is the system's. */
const quickClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms / 10, signal),
};

interface Joining extends Partial<Omit<JoinOptions, 'token'>> {
  readonly token: string;
}

async function joinHere(joining: Joining) {
  return await joinFleet({
    coordinators: [],
    folder: folderOf(join(await temporaryDirectory(), 'identity')),
    openEnrollment,
    nodeName: 'w1',
    agentVersion: '0.1.0',
    facts: Buffer.from('{}'),
    clock: quickClock,
    log: silentLogger,
    random: () => 0,
    signal: AbortSignal.timeout(12_000),
    ...joining,
    token: parseJoinToken(joining.token),
  });
}

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test('joins: the pin first, then proof of its own key; everything ends up on disk, private', async () => {
  const server = await aServer();
  const identityDirectory = join(await temporaryDirectory(), 'identity');
  const identity = await joinHere({
    token: server.token(),
    coordinators: [server.address],
    folder: folderOf(identityDirectory),
  });
  expect(identity).toMatchObject({ fleet: 'f-1', cluster: 'lab', pool: 'workers', counter: 0 });
  expect(server.calls).toEqual(['GetChallenge', 'Join']);
  const [request] = server.joins;
  expect(request?.token.split('.')).toHaveLength(2);
  expect(request?.nodeName).toBe('w1');
  const leaf = new X509Certificate(identity.chainPem);
  expect(leaf.subject).toContain(identity.nodeId);
  for (const name of ['node.key', 'node.crt', 'fleet-ca.crt', 'key-set.json', 'identity.json']) {
    expect(await modeOf(join(identityDirectory, name))).toBe(0o600);
  }
  expect(await modeOf(identityDirectory)).toBe(0o700);
  expect(await readIdentity(folderOf(identityDirectory))).toEqual({
    ...identity,
    nodeKey: expect.anything(),
  });
  const everything = await readFile(join(identityDirectory, 'identity.json'), 'utf8');
  expect(everything).not.toContain(request?.token.split('.')[1] ?? 'x');
});

test('a wrong pin sends nothing, and the error names both pins', async () => {
  const server = await aServer();
  const other = await aServer();
  const failure = joinHere({
    token: server.token({ pin: other.pin }),
    coordinators: [server.address],
  });
  await expect(failure).rejects.toThrow(
    new RegExp(`${other.pin}.*${server.pin}.*nothing was sent`),
  );
  await expect(failure).rejects.toMatchObject({ code: 'refused', retryable: false });
  expect(server.calls).toEqual([]);
});

test('keeps no certificate that is not valid yet by its own clock, says so, and asks again', async () => {
  const server = await aServer();
  let behindMs = 2 * 3_600_000;
  const said: string[] = [];
  const log = {
    ...silentLogger,
    warn: ({ why }: { why?: string }) => {
      if (why === undefined) return;
      said.push(why);
      behindMs = 0;
    },
  } as unknown as Logger;
  const directory = join(await temporaryDirectory(), 'identity');
  const identity = await joinHere({
    token: server.token(),
    coordinators: [server.address],
    folder: folderOf(directory),
    clock: { ...quickClock, now: () => Date.now() - behindMs },
    // The coordinator's own certificate is older.
    checkPin: (check) => checkPin({ ...check, nowMs: Date.now() }),
    log,
  });
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/not valid before .*; nothing was kept\. Look at both clocks/);
  expect(server.joins).toHaveLength(2);
  expect((await readIdentity(folderOf(directory)))?.chainPem).toBe(identity.chainPem);
});

test('with two addresses a wrong pin at the first does not keep it from the second', async () => {
  const right = await aServer();
  const wrong = await aServer();
  const identity = await joinHere({
    token: right.token(),
    coordinators: [wrong.address, right.address],
  });
  expect(identity.fleet).toBe('f-1');
  expect(wrong.calls).toEqual([]);
});

test('after a lost reply the same key asks again with the same token', async () => {
  const server = await aServer();
  let lost = 0;
  server.spoil.set('Join', (reply) => {
    lost += 1;
    if (lost > 2) return reply;
    throw new AppError('unavailable', 'lost on the way');
  });
  const token = server.token();
  const identity = await joinHere({ token, coordinators: [server.address] });
  expect(server.joins).toHaveLength(3);
  const nonces = new Set(server.joins.map(({ nonce }) => nonce.toString('hex')));
  expect(nonces.size).toBe(3);
  expect(identity.nodeId).toBe(server.joins.length > 0 ? identity.nodeKey.nodeId : '');
});

test('killed between the reply and the disk, the next start has the same key', async () => {
  const server = await aServer();
  const identityDirectory = join(await temporaryDirectory(), 'identity');
  const token = server.token();
  const failing = joinHere({
    token,
    coordinators: [server.address],
    folder: folderOf(identityDirectory),
    signal: AbortSignal.timeout(300),
  });
  server.spoil.set('Join', () => {
    throw new AppError('unavailable', 'lost on the way');
  });
  await expect(failing).rejects.toThrow();
  expect(await readIdentity(folderOf(identityDirectory))).toBeNull();
  server.spoil.clear();
  const identity = await joinHere({
    token,
    coordinators: [server.address],
    folder: folderOf(identityDirectory),
  });
  const key = await readFile(join(identityDirectory, 'node.key'), 'utf8');
  expect(identity.nodeKey.pem).toBe(key);
});

test('a refused token is one sentence with a way out, and is not tried again', async () => {
  const server = await aServer();
  const token = server.token();
  server.tokens.clear();
  const failure = joinHere({ token, coordinators: [server.address] });
  await expect(failure).rejects.toMatchObject({ code: 'refused' });
  await expect(failure).rejects.toThrow(/refused the token mt.*token create/);
  await expect(failure).rejects.not.toThrow(new RegExp(token.split('.')[1] ?? 'x'));
  expect(server.joins).toHaveLength(1);
});

test('a host refused for itself is told what is wrong with it, and not to make another token', async () => {
  const server = await aServer();
  server.spoil.set('Join', () => {
    throw new AppError('refused', 'another node has the machine-id abc; give this host its own');
  });
  const failure = joinHere({ token: server.token(), coordinators: [server.address] });
  await expect(failure).rejects.toMatchObject({
    code: 'refused',
    message: `the coordinator at ${server.address} refused this host: another node has the machine-id abc; give this host its own`,
  });
});

test('killed while the files of another fleet are written, the host has not joined rather than a damaged identity', async () => {
  const old = await aServer();
  const next = await aServer();
  const identityDirectory = join(await temporaryDirectory(), 'identity');
  await joinHere({
    token: old.token(),
    coordinators: [old.address],
    folder: folderOf(identityDirectory),
  });
  // As good as a power cut: the third of the four files cannot be written.
  await rm(join(identityDirectory, 'node.crt'));
  await mkdir(join(identityDirectory, 'node.crt', 'in-the-way'), { recursive: true });
  const token = next.token();
  const cut = joinHere({
    token,
    coordinators: [next.address],
    folder: folderOf(identityDirectory),
  });
  await expect(cut).rejects.toThrow(/node\.crt/);
  expect(await readIdentity(folderOf(identityDirectory))).toBeNull();
  await rm(join(identityDirectory, 'node.crt'), { recursive: true });
  await joinHere({ token, coordinators: [next.address], folder: folderOf(identityDirectory) });
  expect((await readIdentity(folderOf(identityDirectory)))?.tokenId).toBe(token.split('.')[0]);
});

test('a coordinator that is not there is waited for, and the log says so', async () => {
  const server = await aServer();
  // A door that is ours all the while: the port of a closed server is somebody else's a moment later.
  let isThere = false;
  const door = createServer((socket) => {
    if (!isThere) return void socket.destroy();
    const inner = connect(Number(server.address.split(':')[1]), '127.0.0.1');
    for (const end of [socket, inner]) end.on('error', () => {});
    socket.pipe(inner).pipe(socket);
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void door.close());
  const lines: string[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (fields) => void lines.push(JSON.stringify(fields)),
  };
  const joining = joinHere({
    token: server.token(),
    coordinators: [`127.0.0.1:${(door.address() as AddressInfo).port}`],
    log,
  });
  await expect.poll(() => lines.length).toBeGreaterThan(0);
  expect(lines[0]).toContain('does not answer');
  isThere = true;
  expect((await joining).fleet).toBe('f-1');
});

test('signing keys that are not the token’s are not kept', async () => {
  const server = await aServer();
  const identityDirectory = join(await temporaryDirectory(), 'identity');
  const other = await aServer();
  server.spoil.set('Join', (reply) => ({ ...reply, keySet: other.keySetBytes }));
  const failure = joinHere({
    token: server.token(),
    coordinators: [server.address],
    folder: folderOf(identityDirectory),
  });
  await expect(failure).rejects.toThrow(/signing keys that are not the ones of this token/);
  expect(await readIdentity(folderOf(identityDirectory))).toBeNull();
});

test('a certificate of another fleet, or for another key, is not kept', async () => {
  const server = await aServer();
  const other = await aServer();
  const stranger = await joinHere({ token: other.token(), coordinators: [other.address] });
  const foreign = [stranger.chainPem, other.caPem].map((pem) => new X509Certificate(pem).raw);
  server.spoil.set('Join', (reply) => ({ ...reply, certificateChain: foreign }));
  await expect(joinHere({ token: server.token(), coordinators: [server.address] })).rejects.toThrow(
    /fleet CA/,
  );
  server.spoil.clear();
  const neighbour = await joinHere({ token: server.token(), coordinators: [server.address] });
  const ofNeighbour = [neighbour.chainPem, server.caPem].map((pem) => new X509Certificate(pem).raw);
  server.spoil.set('Join', (reply) => ({ ...reply, certificateChain: ofNeighbour }));
  await expect(joinHere({ token: server.token(), coordinators: [server.address] })).rejects.toThrow(
    /another key/,
  );
});

test.each([
  ['a fleet of two lines', { fleet: 'f-1\nf-2' }, /fleet in the coordinator/],
  ['a pool without end', { pool: 'p'.repeat(5_000) }, /pool in the coordinator/],
  ['a counter that is none', { counter: 2 ** 60 }, /counter/],
  ['a counter below nothing', { counter: -1 }, /counter/],
  ['a certificate that is none', { certificateChain: [Buffer.alloc(2_000, 7)] }, /no certificate/],
  ['a chain without end', { certificateChain: Array(20).fill(Buffer.alloc(9)) }, /20 parts/],
] as const)('an answer with %s is not kept', async (_what, change, message) => {
  const server = await aServer();
  const identityDirectory = join(await temporaryDirectory(), 'identity');
  const folder = folderOf(identityDirectory);
  server.spoil.set('Join', (reply) => ({ ...reply, ...change }));
  const joining = joinHere({ token: server.token(), coordinators: [server.address], folder });
  await expect(joining).rejects.toMatchObject({ code: 'invalid', message });
  expect(await readIdentity(folder)).toBeNull();
});

test.each([
  ['behind', -40 * 24 * 3_600_000, /at least 4\d days behind/],
  ['ahead', 3 * 24 * 3_600_000, /2 days past the end/],
])(
  'a clock that is %s is told by how much, and nothing is sent',
  async (_side, offsetMs, message) => {
    const server = await aServer();
    const lines: string[] = [];
    const log: Logger = {
      ...silentLogger,
      warn: (fields) => void lines.push(JSON.stringify(fields)),
    };
    const clock: Clock = { ...quickClock, now: () => Date.now() + offsetMs };
    const signal = AbortSignal.timeout(500);
    const joining = joinHere({
      token: server.token(),
      coordinators: [server.address],
      clock,
      log,
      signal,
    });
    await expect(joining).rejects.toThrow();
    expect(lines[0]).toMatch(message);
    expect(server.calls).toEqual([]);
  },
);

test('the token file goes once the identity is on disk, and joining again with it changes nothing', async () => {
  const server = await aServer();
  const directory = await temporaryDirectory();
  const tokenFile = join(directory, 'join-token');
  const token = server.token();
  const options = {
    folder: folderOf(join(directory, 'identity')),
    tokenFile,
    coordinators: [server.address],
    nodeName: 'w1',
    facts: async () => aFacts('w1', '192.168.7.1'),
    openEnrollment,
    clock: quickClock,
    log: silentLogger,
    random: () => 0,
    signal: AbortSignal.timeout(10_000),
  };
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  const first = await joinWith(parseJoinToken(token), options);
  await expect(stat(tokenFile)).rejects.toThrow(/ENOENT/);
  await writeFile(tokenFile, token);
  const again = await joinWith(parseJoinToken(token), options);
  expect(again.nodeId).toBe(first.nodeId);
  expect(server.joins).toHaveLength(1);
  await expect(stat(tokenFile)).rejects.toThrow(/ENOENT/);
  // Another token joins anew, with the same key.
  const other = await joinWith(parseJoinToken(server.token()), options);
  expect(other.nodeId).toBe(first.nodeId);
  expect(server.joins).toHaveLength(2);
});
