// One contract for the link, held by the fake and by gRPC over real TLS alike.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Identity } from '../../../../agent/identity/identity.ts';
import { readIdentity } from '../../../../agent/identity/identity.ts';
import { joinFleet } from '../../../../agent/identity/join.ts';
import { renewIdentity } from '../../../../agent/identity/renewal.ts';
import type { CoordinatorLink, Poll } from '../../../../agent/link/coordinator-link.ts';
import { openEnrollment } from '../../../../agent/link/enrollment-client.ts';
import { openGrpcLink } from '../../../../agent/link/grpc-link.ts';
import { verifyAnswer } from '../../../../agent/plan/verify-answer.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { AppError } from '../../../../shared/errors.ts';
import { parseJoinToken } from '../../../../shared/join-token.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { KeySet, Plan } from '../../../../shared/model/plan.ts';
import { isSignedBy } from '../../../../shared/signature.ts';
import { FakeLink } from '../../../fakes/link.ts';
import { aFacts } from '../../../support/cluster-builders.ts';
import { FleetServer } from '../../../support/fleet-server.ts';
import { folderOf } from '../../../support/on-disk.ts';
import { aPlan, newSigningKeys } from '../../../support/signed-plans.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

interface Subject {
  readonly link: CoordinatorLink;
  readonly keySet: KeySet;
  readonly nodeId: string;
  issue(plan: Plan): void;
  recordsOf(journalId: string): readonly { readonly event: string }[];
}

async function member(server: FleetServer, identityDirectory: string): Promise<Identity> {
  return await joinFleet({
    token: parseJoinToken(server.token()),
    coordinators: [server.address],
    folder: folderOf(identityDirectory),
    openEnrollment,
    nodeName: 'w1',
    agentVersion: '0.1.0',
    facts: Buffer.from('{}'),
    clock: systemClock,
    log: silentLogger,
    random: () => 0,
    signal: AbortSignal.timeout(10_000),
  });
}

async function aServer(): Promise<FleetServer> {
  const server = await FleetServer.start();
  onTestFinished(() => server.close());
  return server;
}

function openLink(identity: Identity, ...coordinators: readonly string[]): CoordinatorLink {
  const link = openGrpcLink({ coordinators, identity, agentVersion: '0.1.0', clock: systemClock });
  onTestFinished(() => link.close());
  return link;
}

async function overGrpc(): Promise<Subject> {
  const server = await aServer();
  const identity = await member(server, join(await temporaryDirectory(), 'identity'));
  return {
    link: openLink(identity, server.address),
    keySet: identity.keySet,
    nodeId: identity.nodeId,
    issue: (plan) => server.issue(plan),
    recordsOf: (journalId) => server.journals.get(journalId) ?? [],
  };
}

async function inMemory(): Promise<Subject> {
  const keys = newSigningKeys();
  const link = new FakeLink(keys);
  return {
    link,
    keySet: keys.keySet,
    nodeId: 'aaaaaaaaaaaaaaaa',
    issue: (plan) => {
      link.plans.push(plan);
      link.ring();
    },
    recordsOf: (journalId) => link.journals.get(journalId) ?? [],
  };
}

const signal = AbortSignal.timeout(60_000);
const nonce = Buffer.from('0123456789abcdef');
const aPoll = (changes: Partial<Poll> = {}): Poll => ({
  instanceId: 'i',
  poll: 1,
  nonce,
  bootId: 'b',
  factsDigest: 'd',
  lanes: [{ lane: 'host', planIds: [], waiting: [], epoch: 0, sequence: 0, doing: 'idle' }],
  journalId: 'j',
  journalEnd: 0,
  trouble: null,
  holdMs: 0,
  health: null,
  hostTimeMs: 0,
  ...changes,
});
const record = (number: number): Buffer =>
  Buffer.from(JSON.stringify({ event: 'plan-stop-received', atMs: number, planId: 'p1' }));

test.each([
  ['the fake', inMemory],
  ['gRPC', overGrpc],
])(
  '%s: a poll without hold is answered at once, signed and bound to its nonce',
  async (_name, create) => {
    const { link, keySet, nodeId } = await create();
    const { plans, answer } = await link.pullPlan(aPoll(), signal);
    expect(plans).toEqual([]);
    expect(verifyAnswer(answer, { keySet, fleet: 'f-1', nodeId, nonce }).kind).toBe('answer');
  },
);

test.each([
  ['the fake', inMemory],
  ['gRPC', overGrpc],
])('%s: a held poll ends with the plan, the bytes as they were signed', async (_name, create) => {
  const { link, keySet, issue } = await create();
  const polling = link.pullPlan(aPoll({ holdMs: 10_000 }), signal);
  const plan = aPlan();
  issue(plan);
  const { plans } = await polling;
  expect(plans.map((envelope) => JSON.parse(Buffer.from(envelope.payload).toString()))).toEqual([
    plan,
  ]);
  expect(plans.every((envelope) => isSignedBy(envelope, keySet.plan))).toBe(true);
});

test.each([
  ['the fake', inMemory],
  ['gRPC', overGrpc],
])('%s: an aborted poll ends as a stop, not as a failure', async (_name, create) => {
  const { link } = await create();
  const turn = new AbortController();
  const polling = link.pullPlan(aPoll({ holdMs: 10_000 }), turn.signal);
  setImmediate(() => turn.abort());
  await expect(polling).rejects.toMatchObject({ name: 'AbortError' });
});

test.each([
  ['the fake', inMemory],
  ['gRPC', overGrpc],
])(
  '%s: progress is idempotent, and the answer is the offset wanted next',
  async (_name, create) => {
    const { link, recordsOf } = await create();
    expect(await link.reportProgress('j', 0, [record(0), record(1)], signal)).toBe(2);
    expect(await link.reportProgress('j', 0, [record(0), record(1), record(2)], signal)).toBe(3);
    expect(await link.reportProgress('j', 9, [record(9)], signal)).toBe(3);
    expect(await link.reportProgress('j', 3, [], signal)).toBe(3);
    expect(recordsOf('j')).toHaveLength(3);
  },
);

test.each([
  ['the fake', inMemory],
  ['gRPC', overGrpc],
])('%s: facts and certificate requests are answered', async (_name, create) => {
  const { link } = await create();
  const { digest } = await link.reportFacts(aFacts('w1', '192.168.7.1'), signal);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  const request = {
    planId: 'p1',
    stepId: 'a',
    profile: 'etcd-peer',
    csr: Buffer.from('x'),
  } as const;
  expect(await link.signCertificate(request, signal)).toMatchObject({
    certificate: 'certificate',
    ca: 'ca',
  });
});

test('the next address is tried when one does not answer, and kept', async () => {
  const server = await aServer();
  const identity = await member(server, join(await temporaryDirectory(), 'identity'));
  const gone = await FleetServer.start({ sameAs: server });
  await gone.close();
  const link = openLink(identity, gone.address, server.address);
  await link.pullPlan(aPoll(), signal);
  await link.pullPlan(aPoll({ poll: 2 }), signal);
  expect(server.polls).toHaveLength(2);
});

test('when nobody answers the failure is retryable and names the address', async () => {
  const server = await aServer();
  const identity = await member(server, join(await temporaryDirectory(), 'identity'));
  const link = openLink(identity, server.address);
  await server.close();
  const failure = link.pullPlan(aPoll(), signal);
  await expect(failure).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  await expect(failure).rejects.toThrow(new RegExp(server.address));
});

test('a coordinator of another fleet is not talked to', async () => {
  const server = await aServer();
  const stranger = await aServer();
  const identity = await member(server, join(await temporaryDirectory(), 'identity'));
  const link = openLink(identity, stranger.address);
  await expect(link.pullPlan(aPoll(), signal)).rejects.toMatchObject({ code: 'unavailable' });
  expect(stranger.calls).toEqual([]);
});

test('a coordinator whose certificate does not fit the time: the failure says by how much the clock is off', async () => {
  const server = await aServer();
  const identity = await member(server, join(await temporaryDirectory(), 'identity'));
  const late = await FleetServer.start({
    sameAs: server,
    certificateNowMs: Date.now() + 50 * 3_600_000,
  });
  onTestFinished(() => late.close());
  const link = openLink(identity, late.address);
  await expect(link.pullPlan(aPoll(), signal)).rejects.toThrow(/at least 2 days behind/);
  expect(late.calls).toEqual([]);
});

test('a renewal changes certificate and counter together; after a lost reply the same bytes go out again', async () => {
  const server = await aServer();
  const identityDirectory = join(await temporaryDirectory(), 'identity');
  const identity = await member(server, identityDirectory);
  const sent: string[] = [];
  const link = openLink(identity, server.address);
  const watched: CoordinatorLink = {
    ...link,
    renew: (csr, counter, of) => {
      sent.push(`${counter} ${Buffer.from(csr).toString('base64')}`);
      return link.renew(csr, counter, of);
    },
  };
  server.spoil.set('Renew', () => {
    throw new AppError('unavailable', 'lost on the way');
  });
  await expect(
    renewIdentity(identity, { folder: folderOf(identityDirectory), link: watched, signal }),
  ).rejects.toThrow();
  server.spoil.clear();
  const renewed = await renewIdentity(identity, {
    folder: folderOf(identityDirectory),
    link: watched,
    signal,
  });
  expect(sent[1]).toBe(sent[0]);
  expect(renewed.counter).toBe(1);
  expect(renewed.chainPem).not.toBe(identity.chainPem);
  const stored = await readIdentity(folderOf(identityDirectory));
  expect([stored?.counter, stored?.chainPem]).toEqual([1, renewed.chainPem]);
  const again = await renewIdentity(renewed, {
    folder: folderOf(identityDirectory),
    link: watched,
    signal,
  });
  expect(again.counter).toBe(2);
  expect(sent[2]).not.toBe(sent[0]);
  await openLink(again, server.address).pullPlan(aPoll(), signal);
});

test.each([0, -1, 2 ** 60])(
  'a renewal with the counter %d after 0 is not kept',
  async (counter) => {
    const server = await aServer();
    const identityDirectory = join(await temporaryDirectory(), 'identity');
    const identity = await member(server, identityDirectory);
    server.spoil.set('Renew', (reply) => ({ ...reply, counter }));
    const folder = folderOf(identityDirectory);
    const link = openLink(identity, server.address);
    await expect(renewIdentity(identity, { folder, link, signal })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('after 0'),
    });
    expect((await readIdentity(folder))?.counter).toBe(0);
  },
);
