// The agent's own enrollment and link against a real coordinator: both ends of the protocol mean the
// same by it. No runner runs here.
import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateRequest } from '../../../../agent/identity/certificate-request.ts';
import { type Identity, readIdentity } from '../../../../agent/identity/identity.ts';
import { joinFleet } from '../../../../agent/identity/join.ts';
import { renewIdentity } from '../../../../agent/identity/renewal.ts';
import type { CoordinatorLink, Poll } from '../../../../agent/link/coordinator-link.ts';
import { openEnrollment } from '../../../../agent/link/enrollment-client.ts';
import { openGrpcLink } from '../../../../agent/link/grpc-link.ts';
import { noPairs } from '../../../../agent/plan/accepted-pair.ts';
import { verifyPlan } from '../../../../agent/plan/verify.ts';
import { verifyAnswer } from '../../../../agent/plan/verify-answer.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { parseJoinToken } from '../../../../shared/join-token.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { asPlanId } from '../../../../shared/model/ids.ts';
import { jsonToWire } from '../../../../shared/rpc/codec.ts';
import { aFacts } from '../../../support/cluster-builders.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import { acceptedRecord, finishedRecord } from '../../../support/journal-records.ts';
import { folderOf } from '../../../support/on-disk.ts';
import { aCertificateStep, aDraft, aStep, issuesOnce } from '../../../support/plan-builders.ts';

let coordinator: TestCoordinator;
let identityDirectory: string;
let link: CoordinatorLink | null = null;
const signal = new AbortController().signal;
const facts = aFacts('w1', '192.168.7.1');

beforeEach(async () => {
  identityDirectory = await mkdtemp(join(tmpdir(), 'muster-identity-'));
  coordinator = await startTestCoordinator({
    decide: issuesOnce((node) =>
      aDraft(node, {
        stages: [
          { title: 'files', steps: [aStep('one')] },
          { title: 'keys', steps: [aCertificateStep('peer')] },
        ],
      }),
    ),
  });
});
afterEach(async () => {
  link?.close();
  link = null;
  await coordinator.stop();
  await rm(identityDirectory, { recursive: true, force: true });
});

const address = (): string => `127.0.0.1:${String(coordinator.grpcPort)}`;

const joinWith = (token: string): Promise<Identity> =>
  joinFleet({
    token: parseJoinToken(token),
    coordinators: [address()],
    folder: folderOf(identityDirectory),
    openEnrollment,
    nodeName: 'w1',
    agentVersion: '0.1.0',
    facts: jsonToWire(facts),
    clock: systemClock,
    log: silentLogger,
    random: () => 0.5,
    signal,
  });

const open = (identity: Identity): CoordinatorLink => {
  link?.close();
  const coordinators = [address()];
  link = openGrpcLink({ coordinators, identity, agentVersion: '0.1.0', clock: systemClock });
  return link;
};

const poll = (number: number, planIds: readonly string[] = []): Poll => ({
  instanceId: 'i1',
  poll: number,
  nonce: randomBytes(16),
  bootId: 'b',
  factsDigest: '',
  lanes: [{ lane: 'host', planIds, waiting: [], epoch: 0, sequence: 0, doing: '' }],
  journalId: 'j',
  journalEnd: 0,
  trouble: null,
  holdMs: 20_000,
  health: null,
  hostTimeMs: Date.now(),
});

describe('the agent and the coordinator', () => {
  it('agree on a join, a plan, a report, a certificate and a renewal', async () => {
    const identity = await joinWith(await coordinator.token());
    expect(identity).toMatchObject({ cluster: 'lab', pool: 'workers', fleet: coordinator.fleet });
    const own = open(identity);
    const { digest } = await own.reportFacts(facts, signal);

    const first = poll(1);
    const reply = await own.pullPlan(first, signal);
    const { keySet, fleet, nodeId } = identity;
    const answer = verifyAnswer(reply.answer, { keySet, fleet, nodeId, nonce: first.nonce });
    if (answer.kind === 'refuse') throw new Error(answer.message);
    const [envelope] = reply.plans;
    if (envelope === undefined) throw new Error('no plan came');
    const verdict = verifyPlan(envelope, {
      keySet,
      fleet,
      nodeId,
      accepted: noPairs,
      known: new Map(),
      signedNowMs: answer.answer.timeMs,
      skewMs: 0,
      agentVersion: '0.1.0',
      factsDigest: digest,
      kinds: new Set(['write-file', 'request-certificate']),
      unfinished: { host: [], cluster: [] },
      isJournalCorrupt: false,
    });
    if (verdict.kind !== 'accept') throw new Error(JSON.stringify(verdict));

    const planId = asPlanId(verdict.plan.planId);
    expect(await own.reportProgress('j', 0, [jsonToWire(acceptedRecord(planId))], signal)).toBe(1);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const csr = createCertificateRequest(privateKey, 'whatever');
    const request = { planId, stepId: 'peer', profile: 'etcd-peer', csr } as const;
    const signed = await own.signCertificate(request, signal);
    expect(new X509Certificate(signed.certificate).checkPrivateKey(privateKey)).toBe(true);
    expect(await own.reportProgress('j', 1, [jsonToWire(finishedRecord(planId))], signal)).toBe(2);
    expect((await coordinator.plan(planId)).state).toBe('done');

    const renewed = await renewIdentity(identity, {
      folder: folderOf(identityDirectory),
      link: own,
      signal,
    });
    expect(renewed.counter).toBe(2);
    expect((await readIdentity(folderOf(identityDirectory)))?.counter).toBe(2);
    await open(renewed).reportFacts(facts, signal);
  });

  it('agree that a wrong pin or a wrong key set ends the join before or after the credential', async () => {
    const token = parseJoinToken(await coordinator.token());
    const other = 'A'.repeat(43);
    const pinned = `${token.id}.${token.secret}.${other}.${token.keySetDigest}`;
    expect((await failureOf(joinWith(pinned))).message).toMatch(/pin/);
    const keyed = `${token.id}.${token.secret}.${token.pin}.${other}`;
    expect((await failureOf(joinWith(keyed))).message).toMatch(/signing keys/);
    // The use was spent by this host's key, and is still this host's.
    const right = `${token.id}.${token.secret}.${token.pin}.${token.keySetDigest}`;
    expect((await joinWith(right)).pool).toBe('workers');
  });
});
