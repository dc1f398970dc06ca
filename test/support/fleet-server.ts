// A small coordinator for tests of the agent: real TLS, real gRPC, both services, and nothing behind
// them but lists. What it should do wrong is set by the test; what it saw can be looked at.
import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  verify,
  X509Certificate,
} from 'node:crypto';
import { Server } from '@grpc/grpc-js';
import {
  createCaCertificate,
  type Issuer,
  issueLeaf,
  spkiOf,
} from '../../coordinator/keys/certificate.ts';
import { keyOfRequest, nodeIdOf } from '../../coordinator/keys/certificate-request.ts';
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { base64urlSha256, formatJoinToken, newTokenSecret } from '../../shared/join-token.ts';
import { silentLogger } from '../../shared/log.ts';
import { ANSWER_PAYLOAD_TYPE, type Envelope, type Plan } from '../../shared/model/plan.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import { envelopeToWire } from '../../shared/rpc/codec.ts';
import type { EnrollmentDefinition } from '../../shared/rpc/generated/muster/v1/Enrollment.ts';
import type { FleetDefinition } from '../../shared/rpc/generated/muster/v1/Fleet.ts';
import type { JoinRequest__Output } from '../../shared/rpc/generated/muster/v1/JoinRequest.ts';
import type { PullRequest__Output } from '../../shared/rpc/generated/muster/v1/PullRequest.ts';
import { implement } from '../../shared/rpc/handler.ts';
import { services } from '../../shared/rpc/load.ts';
import { COORDINATOR_NAME } from '../../shared/rpc/tls.ts';
import { signEnvelope } from '../../shared/signature.ts';
import { serverCredentials } from './open-credentials.ts';
import { newSigningKeys, type SigningKeys, signedPlan } from './signed-plans.ts';

const hour = 3_600_000;
const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pemOf = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' }).toString();

export interface FleetServerOptions {
  readonly port?: number;
  /** For the server's certificate. @default now */
  readonly certificateNowMs?: number;
  readonly certificateLifetimeMs?: number;
  /** Of another server: as the same coordinator started again. */
  readonly sameAs?: FleetServer;
}

export class FleetServer {
  readonly issuer: Issuer;
  readonly caPem: string;
  readonly keys: SigningKeys;
  readonly keySetBytes: Buffer;
  readonly fleet = 'f-1';
  address = '';
  /** Names of all calls that arrived. */
  readonly calls: string[] = [];
  readonly joins: JoinRequest__Output[] = [];
  readonly polls: PullRequest__Output[] = [];
  /** Secrets by token id. */
  readonly tokens = new Map<string, string>();
  /** Throws or changes what a call gives; by the call's name. */
  readonly spoil = new Map<string, (reply: object) => object>();
  /** Answered with the plan until a poll shows that it was accepted, or its end arrived. */
  readonly issued: Plan[] = [];
  readonly rawEnvelopes: Envelope[] = [];
  readonly stop: string[] = [];
  readonly goOn: string[] = [];
  readonly journals = new Map<string, JournalRecord[]>();
  skewMs = 0;
  factsDigest = '';
  counter = 0;
  private readonly nonces: Buffer[] = [];
  private readonly bell = new Set<() => void>();
  private server: Server | null = null;
  private readonly ending = new AbortController();

  private constructor(issuer: Issuer, caPem: string, keys: SigningKeys) {
    this.issuer = issuer;
    this.caPem = caPem;
    this.keys = keys;
    this.keySetBytes = Buffer.from(JSON.stringify(keys.keySet));
  }

  static async start(options: FleetServerOptions = {}): Promise<FleetServer> {
    const issuer = options.sameAs?.issuer ?? { name: [{ CN: ['fleet CA'] }], key: newKey() };
    const now = options.certificateNowMs ?? Date.now();
    const caPem =
      options.sameAs?.caPem ??
      (await createCaCertificate(issuer, { now, lifetimeMs: 10 * 365 * 24 * hour }));
    const server = new FleetServer(issuer, caPem, options.sameAs?.keys ?? newSigningKeys());
    await server.listen(options, now);
    return server;
  }

  get pin(): string {
    return base64urlSha256(spkiOf(this.issuer.key));
  }

  token(changes: { readonly pin?: string; readonly keySetDigest?: string } = {}): string {
    const id = `mt${randomBytes(5).toString('hex')}`;
    const secret = newTokenSecret();
    this.tokens.set(id, secret);
    const pin = changes.pin ?? this.pin;
    return formatJoinToken({
      id,
      secret,
      pin,
      keySetDigest: changes.keySetDigest ?? base64urlSha256(this.keySetBytes),
    });
  }

  issue(plan: Plan): void {
    this.issued.push(plan);
    this.ring();
  }

  ring(): void {
    for (const wake of [...this.bell]) wake();
  }

  /** All records of all journals, in the order they arrived. */
  records(): readonly JournalRecord[] {
    return [...this.journals.values()].flat();
  }

  async until(what: () => boolean, timeoutMs = 30_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!what()) {
      if (Date.now() > deadline) throw new Error('it did not happen in time');
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.bell.delete(wake);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(wake, 100);
        this.bell.add(wake);
      });
    }
  }

  async close(): Promise<void> {
    this.ending.abort();
    this.server?.forceShutdown();
  }

  private async listen(options: FleetServerOptions, now: number): Promise<void> {
    const key = newKey();
    const leaf = await issueLeaf(this.issuer, {
      subject: [{ CN: ['coordinator'] }],
      publicKey: spkiOf(key),
      names: [COORDINATOR_NAME],
      usages: ['server'],
      lifetimeMs: options.certificateLifetimeMs ?? 24 * hour,
      now,
    });
    const server = new Server();
    const log = silentLogger;
    const { signal } = this.ending;
    const guard = (_context: unknown, method: string): void => void this.calls.push(method);
    const implementing = { log, signal, guard };
    for (const { definition, implementation } of [
      implement<EnrollmentDefinition>(services.enrollment, this.enrollment(), implementing),
      implement<FleetDefinition>(services.fleet, this.fleetCalls(), implementing),
    ]) {
      server.addService(definition, implementation);
    }
    const credentials = serverCredentials({
      caPem: this.caPem,
      chainPem: leaf + this.caPem,
      keyPem: pemOf(key),
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${options.port ?? 0}`, credentials, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    this.server = server;
    this.address = `127.0.0.1:${port}`;
  }

  private spoiled<T extends object>(method: string, reply: T): T {
    return (this.spoil.get(method)?.(reply) ?? reply) as T;
  }

  private async certificateFor(csr: Uint8Array): Promise<{ nodeId: string; chain: Buffer[] }> {
    const { spki } = await keyOfRequest(csr);
    const nodeId = nodeIdOf(spki);
    const leaf = await issueLeaf(this.issuer, {
      subject: [{ CN: [nodeId] }, { OU: ['muster:node'] }],
      publicKey: spki,
      names: [],
      usages: ['client'],
      lifetimeMs: 24 * hour,
      now: Date.now(),
    });
    return { nodeId, chain: [leaf, this.caPem].map((pem) => new X509Certificate(pem).raw) };
  }

  private enrollment(): Parameters<typeof implement<EnrollmentDefinition>>[1] {
    return {
      GetChallenge: async () => {
        const nonce = randomBytes(32);
        this.nonces.push(nonce);
        return this.spoiled('GetChallenge', { nonce, timeMs: Date.now() + this.skewMs });
      },
      Return: async ({ csr, counter }) => {
        const { chain } = await this.certificateFor(csr);
        return this.spoiled('Return', { certificateChain: chain, counter: counter + 1 });
      },
      Join: async (request) => {
        this.joins.push(request);
        const [id = '', secret = ''] = request.token.split('.');
        const { key, spki } = await keyOfRequest(request.csr);
        const digest = createHash('sha256').update(request.token).digest();
        const message = Buffer.concat([request.nonce, digest]);
        const isProven =
          this.nonces.some((nonce) => nonce.equals(request.nonce)) &&
          verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, request.nonceSignature);
        if (!isProven || this.tokens.get(id) !== secret) {
          throw new AppError('unauthenticated', 'the join token is not valid here');
        }
        const { nodeId, chain } = await this.certificateFor(request.csr);
        void spki;
        return this.spoiled('Join', {
          fleet: this.fleet,
          nodeId,
          cluster: 'lab',
          pool: 'workers',
          certificateChain: chain,
          keySet: this.keySetBytes,
          counter: this.counter,
        });
      },
      Login: async () => {
        throw new AppError('unauthenticated', 'nobody logs in here');
      },
    };
  }

  private fleetCalls(): Parameters<typeof implement<FleetDefinition>>[1] {
    return {
      ReportFacts: async ({ facts }) => this.spoiled('ReportFacts', { digest: sha256Hex(facts) }),
      PullPlan: async (request, context) => {
        if (context.peerCertificate === null)
          throw new AppError('unauthenticated', 'no certificate');
        const nodeId =
          /CN=([0-9a-f]{16})/.exec(new X509Certificate(context.peerCertificate).subject)?.[1] ?? '';
        this.polls.push(request);
        this.factsDigest = request.factsDigest;
        this.ring();
        const deadline = Date.now() + request.holdMs;
        while (
          this.pendingFor(request).length === 0 &&
          Date.now() < deadline &&
          !context.signal.aborted
        ) {
          await this.pause(deadline - Date.now(), context.signal);
        }
        const answer = {
          schema: 'muster/answer/v1',
          fleet: this.fleet,
          nodeId,
          nonce: request.nonce.toString('base64'),
          timeMs: Date.now() + this.skewMs,
          stop: this.stop,
          goOn: this.goOn,
        };
        const envelope = signEnvelope(
          ANSWER_PAYLOAD_TYPE,
          Buffer.from(JSON.stringify(answer)),
          this.keys.control,
        );
        return this.spoiled('PullPlan', {
          plans: [...this.pendingFor(request), ...this.rawEnvelopes].map(envelopeToWire),
          answer: envelopeToWire(envelope),
        });
      },
      ReportProgress: async ({ journalId, offset, records }) => {
        const journal = this.journals.get(journalId) ?? [];
        this.journals.set(journalId, journal);
        const from = journal.length - offset;
        if (from >= 0) {
          journal.push(
            ...records.slice(from).map((bytes) => JSON.parse(bytes.toString()) as JournalRecord),
          );
        }
        this.ring();
        return this.spoiled('ReportProgress', { nextOffset: journal.length });
      },
      SignCertificate: async () =>
        this.spoiled('SignCertificate', { certificate: 'certificate', ca: 'ca' }),
      Renew: async ({ csr, counter }) => {
        if (counter !== this.counter) throw new AppError('permission-denied', 'another counter');
        const { chain } = await this.certificateFor(csr);
        const reply = this.spoiled('Renew', { certificateChain: chain, counter: counter + 1 });
        this.counter = counter + 1;
        return reply;
      },
    };
  }

  private pendingFor(request: PullRequest__Output): readonly Envelope[] {
    const seen = new Set(this.records().map((record) => record.planId as string));
    const accepted = new Set(request.lanes.flatMap((lane) => lane.planIds));
    const pending = this.issued.filter(({ planId }) => !seen.has(planId) && !accepted.has(planId));
    return pending.map((plan) => signedPlan(plan, this.keys.plan));
  }

  private async pause(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.bell.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.bell.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
