// etcd as far as others can tell: members that run or do not, a quorum or none, and what is written in
// it. Its first start needs a quorum; after that a member that comes back is part of it again.
import type { SimHost } from './host.ts';

export const ETCD_UNIT = 'etcd.service';

export class EtcdCluster {
  /** Hosts whose member was ever started: voters, in order of their first start. */
  readonly voters: SimHost[] = [];
  /** It answered once: from then on losing its quorum is an outage. */
  hasFormed = false;
  /** The digest of the Kubernetes CA that /registry belongs to; null while it is empty. */
  registry: string | null = null;
  private readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  running(): readonly SimHost[] {
    return this.voters.filter((host) => host.isReachable && host.isRunning(ETCD_UNIT));
  }

  get quorum(): number {
    return Math.floor(this.size / 2) + 1;
  }

  hasQuorum(): boolean {
    const has = this.running().length >= this.quorum;
    if (has) this.hasFormed = true;
    return has;
  }

  isHealthy(hosts: readonly SimHost[]): boolean {
    const running = this.running();
    return this.hasQuorum() && hosts.every((host) => running.includes(host));
  }

  noteStart(host: SimHost): void {
    if (!this.voters.includes(host)) this.voters.push(host);
    this.hasQuorum();
  }
}
