// One world put together: machines, network, the coordinator and an agent on each host. Stories move it,
// faults trouble it, invariants watch it.
import type { KeyObject } from 'node:crypto';
import type { ClusterRecord, PlanRecord } from '../../coordinator/store/records.ts';
import { keys } from '../../coordinator/store/records.ts';
import { aCluster } from '../support/cluster-builders.ts';
import {
  type AgentParts,
  type AgentSeams,
  killAgent,
  noAgentSeams,
  restartAgent,
  startAgent,
} from './processes/agent-process.ts';
import { CoordinatorProcess, type CoordinatorSeams } from './processes/coordinator-process.ts';
import { type FixedKeys, makeFixedKeys } from './processes/fixed-keys.ts';
import { Network } from './processes/network.ts';
import { tapDisk } from './taps.ts';
import type { Role, SimHost } from './world/host.ts';
import { World } from './world/world.ts';

/** What a deliberate bug changes of the composition. */
export interface Seams {
  readonly agent?: Partial<AgentSeams>;
  readonly coordinator?: Partial<CoordinatorSeams>;
  readonly build?: (fleet: Fleet) => void;
}

export const hostNames = ['m1', 'm2', 'm3', 'w1', 'w2', 'w3'] as const;

let made: Promise<FixedKeys> | null = null;

export class Fleet {
  readonly world: World;
  readonly network: Network;
  readonly coordinator: CoordinatorProcess;
  readonly tokens = new Map<Role, string>();
  private readonly parts: AgentParts;
  private known: { readonly revision: number; readonly cluster: ClusterRecord } | null = null;

  private constructor(seed: string, fixed: FixedKeys, seams: Seams) {
    this.world = new World(seed);
    this.network = new Network(this.world);
    this.coordinator = new CoordinatorProcess(this.world, {
      network: this.network,
      fixed,
      ...(seams.coordinator === undefined ? {} : { seams: seams.coordinator }),
    });
    this.parts = {
      world: this.world,
      network: this.network,
      fixed,
      seams: { ...noAgentSeams, ...seams.agent },
    };
    seams.build?.(this);
  }

  static async create(seed: string, seams: Seams = {}): Promise<Fleet> {
    made ??= makeFixedKeys(hostNames);
    return new Fleet(seed, await made, seams);
  }

  /** A coordinator with a cluster that is applied, and tokens for its pools. */
  async open(): Promise<void> {
    await this.coordinator.init();
    const createdMs = this.world.scheduler.nowMs;
    await this.coordinator.put(keys.cluster('lab'), aCluster({ createdMs }));
    await this.coordinator.start();
    for (const [role, pool] of [
      ['master', 'control-plane'],
      ['worker', 'workers'],
    ] as const) {
      const made = await this.coordinator.operate<{ token: string }>('CreateToken', {
        pool,
        uses: 10,
        ttlSeconds: 24 * 3600,
      });
      this.tokens.set(role, made.token);
    }
  }

  get hosts(): readonly SimHost[] {
    return [...this.world.hosts.values()];
  }

  add(name: string, role: Role): SimHost {
    const number = this.world.hosts.size + 11;
    const host = this.world.add(name, number, role);
    tapDisk(this, host);
    return host;
  }

  powerOn(host: SimHost): void {
    host.powerOn();
    this.world.tell({ kind: 'started', who: host.name });
    startAgent(host, this.tokens.get(host.role) ?? '', this.parts);
  }

  cutPower(host: SimHost): void {
    this.world.tell({ kind: 'crashed', who: host.name, how: 'power' });
    host.agent?.kill();
    host.cutPower();
  }

  killAgent(host: SimHost): void {
    killAgent(host, this.parts);
    restartAgent(host, this.tokens.get(host.role) ?? '', this.parts);
  }

  killCoordinator(backAfterMs: number): void {
    const { coordinator, world } = this;
    if (coordinator.life?.isAlive !== true) return;
    coordinator.kill();
    world.scheduler.schedule(backAfterMs, null, () => void coordinator.start());
  }

  nodeIdOf(name: string): string {
    return this.parts.fixed.nodeIdOf(name);
  }

  keyOf(name: string): KeyObject {
    return this.parts.fixed.keyOf(name);
  }

  certificateOf(name: string): Buffer {
    return this.parts.fixed.certificateOf(name);
  }

  cluster(): ClusterRecord {
    const revision = this.coordinator.disk.records.get(keys.cluster('lab'))?.revision ?? 0;
    if (this.known?.revision === revision) return this.known.cluster;
    const cluster = this.coordinator.record<ClusterRecord>(keys.cluster('lab'));
    if (cluster === null) throw new Error('there is no cluster');
    this.known = { revision, cluster };
    return cluster;
  }

  plans(): readonly PlanRecord[] {
    return this.coordinator.records<PlanRecord>(keys.plans);
  }
}
