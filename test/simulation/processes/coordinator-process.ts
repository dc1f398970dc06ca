// The real coordinator, whole, in one life after another on the same store: its loop, its records, its
// signatures and the handlers of its services as gRPC would call them.
import type { ArtifactProvider } from '../../../coordinator/artifacts/artifact-provider.ts';
import type { Decide } from '../../../coordinator/coordinator.ts';
import { type Core, createCore } from '../../../coordinator/core.ts';
import type { AuditLog } from '../../../coordinator/events/audit-log.ts';
import { decide } from '../../../coordinator/planner/decide.ts';
import { keys as recordKeys, STORE_SCHEMA } from '../../../coordinator/store/records.ts';
import type { Store } from '../../../coordinator/store/store.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { ServedService } from '../../../shared/rpc/handler.ts';
import { services } from '../../../shared/rpc/load.ts';
import type { WireError } from '../../../shared/rpc/status.ts';
import { type MemoryDisk, memoryDisk, memoryStore } from '../../fakes/store.ts';
import { aLock } from '../../support/cluster-builders.ts';
import { noSnapshots } from '../../support/quiet-parts.ts';
import { Life } from '../core/life.ts';
import type { World } from '../world/world.ts';
import type { FixedKeys } from './fixed-keys.ts';
import type { Network, ServedCall } from './network.ts';
import { type CommitHook, storePort } from './store-port.ts';

export const FLEET = 'fsimulated';
const againMs = 2_000;
/** Of a line of the audit log: number, time and the digest of the line before. */
const chainBytes = 130;

export const renewalKinds = {
  renewed: 'a certificate renewed',
  again: 'a renewal asked for again, after a lost reply',
  back: 'a member come back after its certificate ended',
} as const;

export interface CoordinatorSeams {
  readonly decide: Decide;
  readonly wrapStore: (store: Store, life: Life) => Store;
}

export class CoordinatorProcess {
  readonly disk: MemoryDisk = memoryDisk();
  life: Life | null = null;
  core: Core | null = null;
  skewMs = 0;
  isFull = false;
  /** Of the audit log, over all its lives. */
  readonly audited = { lines: 0, bytes: 0 };
  /** What became of certificates, and how often. */
  readonly renewals = new Map<string, number>();
  hook: CommitHook = () => undefined;
  /** What it has answered well; the request as it came, in bytes. */
  onAnswered: (call: ServedCall, reply: object) => void = () => undefined;
  private readonly world: World;
  private readonly network: Network;
  private readonly fixed: FixedKeys;
  private readonly seams: CoordinatorSeams;
  private starts = 0;

  constructor(
    world: World,
    of: { network: Network; fixed: FixedKeys; seams?: Partial<CoordinatorSeams> },
  ) {
    this.world = world;
    this.network = of.network;
    this.fixed = of.fixed;
    this.seams = { decide, wrapStore: (store) => store, ...of.seams };
  }

  /** What is in the store now. */
  record<T>(key: string): T | null {
    const entry = this.disk.records.get(key);
    return entry === undefined ? null : (JSON.parse(entry.text) as T);
  }

  records<T>(prefix: string): readonly T[] {
    return [...this.disk.records]
      .filter(([key]) => key.startsWith(prefix))
      .map(([, { text }]) => JSON.parse(text) as T);
  }

  async put(key: string, value: unknown): Promise<void> {
    await memoryStore(this.disk).put(key, value, this.disk.records.get(key)?.revision ?? 0);
  }

  async init(): Promise<void> {
    await this.put(recordKeys.fleet, {
      fleet: FLEET,
      schema: STORE_SCHEMA,
      epoch: 1,
      createdMs: 0,
    });
  }

  async start(): Promise<void> {
    const { world } = this;
    this.starts += 1;
    const life = new Life('coordinator', world.scheduler, {
      skewMs: () => this.skewMs,
      bootedMs: 0,
    });
    this.life = life;
    const inner = memoryStore(this.disk);
    const store = storePort({
      inner,
      life,
      world,
      hook: (moment, key) => this.hook(moment, key),
      isFull: () => this.isFull,
    });
    world.tell({ kind: 'started', who: 'coordinator' });
    const core = await this.createCore(store, life).catch((thrown: unknown) => {
      // systemd starts it again, for as long as it takes.
      world.tell({ kind: 'fault', what: `the coordinator does not start: ${String(thrown)}` });
      life.kill();
      world.scheduler.schedule(againMs, null, () => void this.start());
      return null;
    });
    if (core === null || !life.isAlive) return;
    this.core = core;
    this.network.served = {
      life,
      handle: (call) => {
        const onAnswered = (reply: object): void => this.onAnswered(call, reply);
        const service = core.openServices.find(({ definition }) =>
          Object.hasOwn(definition, call.method),
        );
        handle({ ...call, onAnswered }, service, life);
      },
    };
    void core.coordinator.run(life.ending.signal);
  }

  private async createCore(store: Store, life: Life): Promise<Core> {
    return await createCore({
      settings: {
        schema: 'muster/settings/v1',
        fleet: FLEET,
        addresses: ['coordinator'],
        grpcPort: 7443,
        httpsPort: 7480,
      },
      store: this.seams.wrapStore(store, life),
      keys: this.fixed.keys,
      audit: this.openAudit(),
      clock: life.clock,
      log: silentLogger,
      random: this.world.chance.of(`coordinator ${this.starts}`),
      signal: life.ending.signal,
      decide: this.seams.decide,
      openArtifacts: everyArtifact,
      agentBinaries: {},
      agentUnit: '',
      snapshots: noSnapshots,
    });
  }

  private count(kind: keyof typeof renewalKinds): void {
    const what = renewalKinds[kind];
    this.renewals.set(what, (this.renewals.get(what) ?? 0) + 1);
  }

  /** What is appended is on the disk, or the call that brought it about fails. */
  private openAudit(): AuditLog {
    return {
      append: async (event, fields) => {
        if (this.isFull)
          throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
        if (event === 'renewed') this.count(fields['isRepeat'] === true ? 'again' : 'renewed');
        if (event === 'returned') this.count('back');
        this.audited.lines += 1;
        this.audited.bytes += JSON.stringify({ event, ...fields }).length + chainBytes;
      },
      close: async () => undefined,
    };
  }

  kill(): void {
    if (this.life?.isAlive !== true) return;
    this.world.tell({ kind: 'crashed', who: 'coordinator', how: 'killed' });
    this.life.kill();
    this.core = null;
  }

  /** What an operator does on the local socket. */
  async operate<T>(method: string, request: object): Promise<T> {
    const service = this.core?.localServices[0];
    const row = services.operator[method as 'Retry'];
    const { life } = this;
    if (service === undefined || life === null) throw new Error('the coordinator is away');
    const bytes = row.requestSerialize(request);
    return await new Promise((resolve, reject) => {
      const caller = { life, host: null as never, certificate: null };
      const answer = (error: WireError | null, reply: Buffer | null): void => {
        if (error !== null) reject(new Error(error.details));
        else if (reply !== null) resolve(row.responseDeserialize(reply) as T);
      };
      const call = {
        definition: services.operator,
        method,
        bytes,
        caller,
        onGone: () => {},
        answer,
      };
      handle(call, service, life);
    });
  }
}

/** As grpc-js calls a handler. */
function handle(call: ServedCall, service: ServedService | undefined, life: Life): void {
  const row = call.definition[call.method];
  const served = service?.definition[call.method];
  const handler = service?.implementation[call.method];
  if (row === undefined || served === undefined || handler === undefined)
    throw new Error(`nobody serves ${call.method}`);
  const { certificate, host } = call.caller;
  const peer = host === null ? 'unix:' : `${host.address}:40000`;
  const incoming = {
    request: served.requestDeserialize(call.bytes) as unknown,
    on: (_event: string, listener: () => void) => call.onGone(listener),
    getAuthContext: () =>
      certificate === null ? {} : { sslPeerCertificate: { raw: certificate } },
    getPeer: () => peer,
  };
  const reply = (error: WireError | null, value?: object): void => {
    if (!life.isAlive) return;
    if (error === null) call.onAnswered?.(value ?? {});
    call.answer(error, error === null ? row.responseSerialize(value) : null);
  };
  (handler as unknown as (call: object, callback: typeof reply) => void)(incoming, reply);
}

/** Everything of the lock is there. */
function everyArtifact(): ArtifactProvider {
  const stored = new Set(aLock().artifacts.map(({ sha256 }) => sha256));
  return {
    lockFor: async () => aLock(),
    pullInBackground: () => undefined,
    pullState: () => null,
    states: async () => new Map([...stored].map((digest) => [digest, { kind: 'stored' }])),
    stored: async () => stored,
    settled: async () => undefined,
  };
}
