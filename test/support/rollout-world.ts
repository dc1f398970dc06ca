// A finished cluster for tests of rollouts, and what `apply` does to its record.
import { artifactNamesFor, SMOKE_IMAGE } from '../../coordinator/components/bill-of-materials.ts';
import type { Decision } from '../../coordinator/planner/decision.ts';
import type { ClusterSpec } from '../../coordinator/spec/cluster-spec.ts';
import type { ClusterRecord } from '../../coordinator/store/records.ts';
import type { RolloutHost, RolloutRecord } from '../../coordinator/store/rollout-record.ts';
import { digestOf } from '../../shared/canonical.ts';
import type { StepOutputs } from '../../shared/model/progress.ts';
import { aCluster, aNode, aSpec, aView } from './cluster-builders.ts';
import { PlanningWorld } from './planning-world.ts';

export interface Fleet {
  readonly masters: number;
  readonly workers: number;
  readonly rollout?: object;
}

/** What steps of a rollout tell when nothing is in the way. */
export const calm: Readonly<Record<string, StepOutputs>> = {
  'cordon-node': { cordoned: 'ours' },
  'drain-node': { cordoned: 'yes', left: '0', blocking: '[]' },
  'uncordon-node': { uncordoned: 'yes' },
  'etcd-snapshot': { path: '/var/lib/muster-agent/etcd/before.db', revision: '1200' },
};

export class RolloutWorld extends PlanningWorld {
  /** Everything that was issued since the cluster was finished. */
  #from = 0;

  static finished(fleet: Fleet = { masters: 3, workers: 2 }): RolloutWorld {
    const masters = Array.from({ length: fleet.masters }, (_, index) =>
      aNode(`m${index + 1}`, 11 + index),
    );
    const workers = Array.from({ length: fleet.workers }, (_, index) => aWorker(index + 1));
    const nodes = [...masters, ...workers];
    const spec = aSpec({
      kubernetes: { version: 'v1.36.4' },
      pools: [
        { name: 'control-plane', roles: ['etcd', 'control-plane'], size: fleet.masters },
        { name: 'workers', roles: ['worker'] },
      ],
      rollout: { soak: '10s', ...fleet.rollout },
    });
    const world = new this(nodes, aView(nodes, aCluster({ spec, lock: lockOf('v1.36.4') })));
    world.runAll();
    world.#from = world.issued.length;
    return world;
  }

  /** As the record is left by `apply`. */
  apply(change: Partial<ClusterSpec>): void {
    const { cluster } = this.view;
    const spec = { ...cluster.spec, ...change };
    const isOther = spec.kubernetes.version !== cluster.spec.kubernetes.version;
    const lock = isOther ? lockOf(spec.kubernetes.version) : cluster.lock;
    const specGeneration = cluster.specGeneration + 1;
    const from = { spec: cluster.spec, lock: cluster.lock };
    this.setCluster({
      ...cluster,
      ...{ spec, lock, specGeneration },
      wanted: { generation: specGeneration, from },
    });
    const stored = new Set([
      ...this.view.artifacts.stored,
      ...lock.artifacts.map(({ sha256 }) => sha256),
    ]);
    this.view = { ...this.view, artifacts: { ...this.view.artifacts, stored } };
  }

  setCluster(cluster: ClusterRecord): void {
    this.view = { ...this.view, cluster };
  }

  setRollout(change: Partial<RolloutRecord>): void {
    const { cluster } = this.view;
    if (cluster.rollout === undefined || cluster.rollout === null) throw new Error('no rollout');
    this.setCluster({ ...cluster, rollout: { ...cluster.rollout, ...change } });
  }

  get rollout(): RolloutRecord {
    const { rollout } = this.view.cluster;
    if (rollout === undefined || rollout === null) throw new Error('there is no rollout');
    return rollout;
  }

  host(name: string): RolloutHost | undefined {
    const node = this.view.nodes.find(({ record }) => record.name === name);
    return node === undefined ? undefined : this.rollout.hosts[node.record.id];
  }

  /** What its steps were asked to do. */
  argsOf({ planId }: { readonly planId: string }): unknown {
    return this.plans.find((issued) => issued.planId === planId)?.draft.stages;
  }

  nameOf(id: string): string {
    return this.view.nodes.find(({ record }) => record.id === id)?.record.name ?? id;
  }

  setNodeReady(name: string, isNodeReady: boolean): void {
    const nodes = this.view.nodes.map((node) =>
      node.record.name === name ? { ...node, isNodeReady } : node,
    );
    this.view = { ...this.view, nodes };
  }

  addWorker(name: string, number: number): void {
    this.add(aNode(name, number, { pool: 'workers', joinedMs: this.now }));
  }

  /** What was issued since the cluster was finished. */
  get since(): readonly string[] {
    return this.issued.slice(this.#from);
  }

  /** Ends every plan well that runs now, but those that are told to fail. */
  round(fails: (line: string) => boolean = () => false): Decision {
    for (const plan of this.running()) {
      if (fails(`${this.nameOf(plan.nodeId)}: ${plan.goal}`)) this.fail(plan, { retryable: false });
      else this.finish(plan, calm);
    }
    this.now += 1_000;
    return this.settle();
  }

  /** Until nothing runs and time alone changes nothing within an hour. */
  roll(fails: (line: string) => boolean = () => false): Decision {
    let decision = this.settle();
    for (let round = 0; round < 400; round += 1) {
      if (this.running().length > 0) {
        decision = this.round(fails);
        continue;
      }
      const { wakeAtMs } = decision;
      if (wakeAtMs === null || wakeAtMs > this.now + 3_600_000) return decision;
      this.now = Math.max(wakeAtMs, this.now + 1);
      decision = this.settle();
      if (this.running().length === 0 && (decision.wakeAtMs ?? 0) <= this.now) return decision;
    }
    throw new Error('the rollout does not end');
  }
}

/** Of as many as a bench may want: each has an address of its own. */
function aWorker(number: number) {
  const address = `192.168.${8 + Math.floor(number / 250)}.${(number % 250) + 1}`;
  const addresses = [{ interface: 'eth0', address, prefix: 16, family: 'ipv4' as const }];
  return aNode(`w${number}`, number, { pool: 'workers', facts: { addresses } });
}

export const upgraded = { kubernetes: { version: 'v1.37.1' } } as const;

export const lockOf = (version: string): ClusterRecord['lock'] => ({
  schema: 'muster/artifact-lock/v1',
  artifacts: [...artifactNamesFor(aSpec(), ['etcd', 'control-plane', 'worker']), SMOKE_IMAGE].map(
    (name) => {
      const isKubernetes = /^kube|^image-kube-/.test(name);
      const own = isKubernetes ? version : '1.0.0';
      return {
        name,
        version: own,
        arch: 'amd64',
        kind: name.startsWith('image-') ? ('image' as const) : ('binary' as const),
        url: `https://example.org/${name}`,
        sha256: isKubernetes ? digestOf([name, own]) : digestOf(name),
        size: 1000,
        reference: name.startsWith('image-') ? `example.org/${name}:${own}` : null,
      };
    },
  ),
});
