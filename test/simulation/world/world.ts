// Everything outside the processes under test: time, machines, etcd, Kubernetes, and the list of what
// happens. Processes reach it through their ports alone.
import { sha256Hex } from '../../../shared/canonical.ts';
import type { Chance } from '../core/chance.ts';
import { chanceOf } from '../core/chance.ts';
import { Scheduler } from '../core/scheduler.ts';
import { EtcdCluster } from './etcd.ts';
import { lineOf, type WorldEvent } from './events.ts';
import { type Role, SimHost } from './host.ts';
import { Kubernetes } from './kubernetes.ts';

export type Watcher = (event: WorldEvent) => void;

export class World {
  readonly scheduler = new Scheduler();
  readonly chance: Chance;
  readonly hosts = new Map<string, SimHost>();
  readonly etcd = new EtcdCluster(3);
  readonly kube: Kubernetes;
  readonly trace: string[] = [];
  readonly watchers: Watcher[] = [];
  private number = 0;

  constructor(seed: string) {
    this.chance = chanceOf(seed);
    this.kube = new Kubernetes(
      this.etcd,
      () => [...this.hosts.values()],
      () => this.scheduler.nowMs,
    );
  }

  add(name: string, number: number, role: Role): SimHost {
    const host = new SimHost(this, { name, number, role });
    this.hosts.set(name, host);
    return host;
  }

  host(name: string): SimHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** For whatever has to be another each time. */
  next(): number {
    this.number += 1;
    return this.number;
  }

  tell(event: WorldEvent): void {
    const line = `${(this.scheduler.nowMs / 1000).toFixed(3).padStart(9)}  ${lineOf(event)}`;
    this.trace.push(line);
    for (const watch of this.watchers) watch(event);
  }

  /** Of all that happened so far. */
  digest(): string {
    return sha256Hex(this.trace.join('\n')).slice(0, 16);
  }
}
