// A whole agent in this process: the real loops, journal and steps on a host, a disk, a cluster, a
// clock and a coordinator in memory. Its power can be cut; what is left starts again.
import { type AgentOptions, runAgent } from '../../agent/agent.ts';
import { agentPaths } from '../../agent/config.ts';
import type { Identity } from '../../agent/identity/identity.ts';
import { ensureNodeKey } from '../../agent/identity/node-key.ts';
import { stepRegistry } from '../../agent/steps/registry.ts';
import { createCaCertificate, type Issuer, issueLeaf } from '../../coordinator/keys/certificate.ts';
import { digestOf } from '../../shared/canonical.ts';
import { silentLogger } from '../../shared/log.ts';
import { planningFacts } from '../../shared/model/facts.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import { systemRandom } from '../../shared/random.ts';
import type { FakeClock } from '../fakes/clock.ts';
import { FakeHost } from '../fakes/host.ts';
import { FakeKube } from '../fakes/kube-api.ts';
import { FakeLink } from '../fakes/link.ts';
import { FakeDisk, type FakeDiskOptions } from '../fakes/state-disk.ts';
import { aFacts } from './cluster-builders.ts';
import { aHealthReport } from './health-reports.ts';
import { newSigningKeys, type SigningKeys } from './signed-plans.ts';

export interface InMemoryOptions {
  readonly name: string;
  /** Last part of its address. */
  readonly number: number;
  readonly clock: FakeClock;
  readonly issuer: Issuer;
}

const day = 24 * 3_600_000;

export class AgentInMemory {
  readonly host = new FakeHost();
  readonly kube = new FakeKube();
  readonly keys: SigningKeys = newSigningKeys();
  readonly link = new FakeLink(this.keys);
  disk = new FakeDisk();
  readonly factsDigest: string;
  /** Another one: the machine was started again. */
  bootId = 'boot-1';
  readonly identity: Identity;
  private readonly options: InMemoryOptions;
  private life = new AbortController();

  private constructor(options: InMemoryOptions, identity: Omit<Identity, 'keySet'>) {
    this.options = options;
    this.identity = { ...identity, keySet: this.keys.keySet };
    this.factsDigest = digestOf(planningFacts(this.facts()));
    this.link.answer = { nodeId: identity.nodeId, timeMs: options.clock.now() };
  }

  static async create(options: InMemoryOptions): Promise<AgentInMemory> {
    const { issuer, clock } = options;
    const folder = { disk: new FakeDisk(), directory: '/identity' };
    const nodeKey = await ensureNodeKey(folder);
    const now = clock.now();
    const caPem = await createCaCertificate(issuer, { now, lifetimeMs: 365 * day });
    const leaf = await issueLeaf(issuer, {
      subject: [{ CN: [nodeKey.nodeId] }],
      publicKey: nodeKey.publicDer,
      names: [],
      usages: ['client'],
      lifetimeMs: 30 * day,
      now,
    });
    return new AgentInMemory(options, {
      fleet: 'f-1',
      nodeId: nodeKey.nodeId,
      cluster: 'lab',
      pool: 'workers',
      counter: 0,
      chainPem: leaf + caPem,
      caPem,
      tokenId: 'mt0000000000',
      nodeKey,
    });
  }

  /** All records that the coordinator has. */
  records(): readonly JournalRecord[] {
    return [...this.link.journals.values()].flat();
  }

  start(): void {
    const { clock } = this.options;
    this.life = new AbortController();
    const options: AgentOptions = {
      paths: agentPaths({ stateDirectory: '/state' }),
      identity: this.identity,
      openLink: () => this.link,
      disk: this.disk,
      host: this.host,
      openKube: this.kube.open,
      httpGet: async (url) => {
        throw new Error(`nothing answers at ${url}`);
      },
      tlsPeek: async ({ port }) => {
        throw new Error(`nothing serves at port ${port}`);
      },
      registry: stepRegistry,
      artifacts: { path: () => '', has: async () => true, fetch: async () => '' },
      openUpload: () => async () => undefined,
      own: { anonymousBytes: async () => 0, collect: () => {}, startedAgainBootMs: null },
      facts: this.facts(),
      collect: async () => this.facts(),
      measureHealth: async () => aHealthReport(),
      clock,
      log: silentLogger,
      random: systemRandom,
      signal: this.life.signal,
    };
    // One whose power was cut never ends: nothing answers it any more.
    void runAgent(options);
  }

  /** The machine goes off; the disk as it is then is the one of the next start. */
  cutPower(chance: () => number, next: FakeDiskOptions = {}): void {
    this.disk = this.disk.cutPower(chance, next);
    this.life.abort();
  }

  stop(): void {
    this.life.abort();
  }

  private facts() {
    const { name, number } = this.options;
    return aFacts(name, `192.168.7.${number}`, { bootId: this.bootId });
  }
}
