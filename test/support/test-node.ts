// A host for tests of the coordinator: a key, a join, and a client of the Fleet service. It speaks
// the real protocol over real TLS; it has no journal and no runners.
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import type { Client } from '@grpc/grpc-js';
import { sha256Hex } from '../../shared/canonical.ts';
import type { NodeFacts } from '../../shared/model/facts.ts';
import {
  ANSWER_PAYLOAD_TYPE,
  type Answer,
  type KeySet,
  type Plan,
} from '../../shared/model/plan.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import { createClient, openChannel, type RpcClient } from '../../shared/rpc/client.ts';
import { envelopeFromWire, jsonToWire } from '../../shared/rpc/codec.ts';
import type { EnrollmentDefinition } from '../../shared/rpc/generated/muster/v1/Enrollment.ts';
import type { FleetDefinition } from '../../shared/rpc/generated/muster/v1/Fleet.ts';
import type { JoinReply__Output } from '../../shared/rpc/generated/muster/v1/JoinReply.ts';
import type { PullReply__Output } from '../../shared/rpc/generated/muster/v1/PullReply.ts';
import { services } from '../../shared/rpc/load.ts';
import { clientCredentials, fixedServerName } from '../../shared/rpc/tls.ts';
import { isSignedBy } from '../../shared/signature.ts';
import { createTestRequest } from './certificate-request.ts';
import { aFacts } from './cluster-builders.ts';

export interface NodeKeys {
  readonly key: KeyObject;
  readonly spki: Buffer;
  readonly nodeId: string;
}

export function newNodeKeys(): NodeKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return { key: privateKey, spki, nodeId: sha256Hex(spki).slice(0, 16) };
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' };

export async function requestFor({ key }: NodeKeys): Promise<Buffer> {
  return await createTestRequest({
    privateKey: key.toCryptoKey(ecdsa, true, ['sign']),
    publicKey: createPublicKey(key).toCryptoKey(ecdsa, true, ['verify']),
  });
}

/** The proof a joiner gives: its signature over the nonce and the digest of `id.secret`. */
export function proofFor(keys: NodeKeys, nonce: Uint8Array, credential: string): Buffer {
  const digest = createHash('sha256').update(credential).digest();
  const message = Buffer.concat([nonce, digest]);
  return sign('sha256', message, { key: keys.key, dsaEncoding: 'ieee-p1363' });
}

export interface Reachable {
  readonly grpcPort: number;
  readonly caPem: string;
}

export interface JoinAttempt {
  /** The whole token, or id.secret alone. */
  readonly token: string;
  readonly name: string;
  /** Last part of the address 192.168.7.N. */
  readonly number: number;
  readonly keys?: NodeKeys;
  readonly facts?: Partial<NodeFacts>;
}

const call = { timeoutMs: 30_000 };

/** One join; @throws AppError as the wire gives it. */
export async function joinOnce(to: Reachable, attempt: JoinAttempt): Promise<JoinReply__Output> {
  const channel = openChannel({
    address: `127.0.0.1:${to.grpcPort}`,
    credentials: clientCredentials(to.caPem, null),
    options: fixedServerName,
  });
  try {
    const client = createClient<EnrollmentDefinition>(services.enrollment, channel);
    const keys = attempt.keys ?? newNodeKeys();
    const credential = attempt.token.split('.').slice(0, 2).join('.');
    const { nonce } = await client.GetChallenge({}, call);
    const facts = aFacts(attempt.name, `192.168.7.${attempt.number}`, attempt.facts);
    return await client.Join(
      {
        token: credential,
        csr: await requestFor(keys),
        nonce,
        nonceSignature: proofFor(keys, nonce, credential),
        nodeName: attempt.name,
        agentVersion: '0.1.0',
        facts: jsonToWire(facts),
      },
      call,
    );
  } finally {
    channel.close();
  }
}

export interface TestNode {
  readonly nodeId: string;
  readonly name: string;
  readonly keys: NodeKeys;
  readonly chainPem: string;
  readonly fleet: RpcClient<FleetDefinition>;
  poll(options?: PollOptions): Promise<Polled>;
  report(offset: number, records: readonly JournalRecord[], journalId?: string): Promise<number>;
  close(): void;
}

export interface PollOptions {
  readonly holdMs?: number;
  readonly planIds?: readonly string[];
  /** Those of them that wait for a go-on. */
  readonly waiting?: readonly string[];
  readonly doing?: string;
  readonly sequence?: number;
  /** What the host measured just now, as the wire carries it. */
  readonly health?: Uint8Array;
  readonly signal?: AbortSignal;
}

export interface Polled {
  readonly plans: readonly Plan[];
  readonly payloads: readonly string[];
  readonly answer: Answer;
}

/** Joins and opens the member's client. */
export async function joinNode(to: Reachable, attempt: JoinAttempt): Promise<TestNode> {
  const keys = attempt.keys ?? newNodeKeys();
  const reply = await joinOnce(to, { ...attempt, keys });
  const chainPem = reply.certificateChain
    .map((der) => new X509Certificate(der).toString())
    .join('');
  const keySet = JSON.parse(reply.keySet.toString('utf8')) as KeySet;
  return openNode(to, { keys, chainPem, keySet, name: attempt.name });
}

export interface MemberIdentity {
  readonly keys: NodeKeys;
  readonly chainPem: string;
  readonly keySet: KeySet;
  readonly name: string;
}

export function openNode(to: Reachable, identity: MemberIdentity): TestNode {
  const { keys, chainPem, keySet } = identity;
  const channel = openMemberChannel(to, identity);
  const fleet = createClient<FleetDefinition>(services.fleet, channel);
  const instanceId = randomBytes(8).toString('hex');
  let poll = 0;
  return {
    nodeId: keys.nodeId,
    name: identity.name,
    keys,
    chainPem,
    fleet,
    async poll(options = {}) {
      poll += 1;
      const nonce = randomBytes(16);
      const lane = { planIds: [], waiting: [], epoch: 1, sequence: 0, doing: '' };
      const { planIds = [], waiting = [], sequence = 0, doing = '' } = options;
      const plans = { planIds: [...planIds], waiting: [...waiting] };
      const host = { ...lane, ...plans, sequence, doing };
      const reply = await fleet.PullPlan(
        {
          instanceId,
          poll,
          nonce,
          bootId: 'boot-1',
          agentVersion: '0.1.0',
          factsDigest: '',
          lanes: [
            { ...host, lane: 'host' },
            { ...lane, lane: 'cluster' },
          ],
          journalId: 'journal-1',
          journalEnd: 0,
          holdMs: options.holdMs ?? 0,
          health: options.health ?? new Uint8Array(),
          hostTimeMs: Date.now(),
        },
        options.signal === undefined ? call : { ...call, signal: options.signal },
      );
      return readReply(reply, keySet, nonce);
    },
    async report(offset, records, journalId = 'journal-1') {
      const reply = await fleet.ReportProgress(
        { journalId, offset, records: records.map(jsonToWire) },
        call,
      );
      return reply.nextOffset;
    },
    close: () => channel.close(),
  };
}

export function openMemberChannel(
  to: Reachable,
  identity: Pick<MemberIdentity, 'keys' | 'chainPem'>,
): Client {
  const keyPem = identity.keys.key.export({ format: 'pem', type: 'pkcs8' }).toString();
  return openChannel({
    address: `127.0.0.1:${to.grpcPort}`,
    credentials: clientCredentials(to.caPem, { chainPem: identity.chainPem, keyPem }),
    options: fixedServerName,
  });
}

/** Verified as an agent would. */
function readReply(reply: PullReply__Output, keySet: KeySet, nonce: Buffer): Polled {
  if (reply.answer === null) throw new Error('a poll without an answer');
  const envelope = envelopeFromWire(reply.answer);
  if (envelope.payloadType !== ANSWER_PAYLOAD_TYPE || !isSignedBy(envelope, keySet.control)) {
    throw new Error('the answer is not signed by the control key');
  }
  const answer = JSON.parse(Buffer.from(envelope.payload).toString('utf8')) as Answer;
  if (answer.nonce !== nonce.toString('base64')) throw new Error('the answer is to another poll');
  const payloads = reply.plans.map((plan) => {
    if (!isSignedBy(envelopeFromWire(plan), keySet.plan)) throw new Error('a plan is not signed');
    return plan.payload.toString('utf8');
  });
  return { answer, payloads, plans: payloads.map((text) => JSON.parse(text) as Plan) };
}
