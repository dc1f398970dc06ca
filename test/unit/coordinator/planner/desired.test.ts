// The digests of what a host should have are kept from turn to turn, and never longer than what they
// are made of.
import { expect, test } from 'vitest';
import { desiredHost } from '../../../../coordinator/components/host/host-components.ts';
import { desiredOf } from '../../../../coordinator/planner/desired.ts';
import {
  controlPlaneOf,
  etcdOf,
  materialsOf,
  type Situation,
  situationOf,
} from '../../../../coordinator/planner/situation.ts';
import { topologyOf } from '../../../../coordinator/planner/topology.ts';
import type { ClusterView, NodeView } from '../../../../coordinator/planner/view.ts';
import type { ClusterRecord } from '../../../../coordinator/store/records.ts';
import { aCluster, aNode, aSpec, aView } from '../../../support/cluster-builders.ts';

const masters = [aNode('m1', 11), aNode('m2', 12), aNode('m3', 13)];
const w1 = aNode('w1', 21, { pool: 'workers' });
const cluster = aCluster({ controlPlane: masters.map(({ record }) => record.id) });

function aSituation(change: Partial<ClusterRecord> = {}, nodes = [...masters, w1]): Situation {
  const view: ClusterView = { ...aView(nodes), cluster: { ...cluster, ...change } };
  return situationOf({ view, topology: topologyOf(view), faults: [], now: 0 });
}

function memberOf(situation: Situation, { record }: NodeView) {
  const member = situation.topology.byId.get(record.id);
  if (member === undefined) throw new Error(`${record.name} is no member`);
  return member;
}

const digestsIn = (situation: Situation, node: NodeView) =>
  desiredOf(situation, memberOf(situation, node)).digests();

/** Computed with nothing kept. */
function anew(situation: Situation, node: NodeView) {
  const member = memberOf(situation, node);
  return desiredHost({
    host: member,
    spec: situation.cluster.spec,
    cluster: situation.cluster.name,
    materials: materialsOf(situation, member),
    masters: controlPlaneOf(situation).map(({ address }) => address),
    etcd: etcdOf(situation),
  }).digests;
}

test('a host of which nothing changed is not rendered again', () => {
  const first = digestsIn(aSituation(), w1);
  expect(digestsIn(aSituation(), { ...w1, lastPollMs: 5, online: false })).toBe(first);
  expect(first).toEqual(anew(aSituation(), w1));
});

const { spec, lock } = cluster;
const [firstMaster] = masters;
const elsewhere = aNode('m1', 99);

test.each<[string, NodeView | undefined, Situation]>([
  ['another spec', w1, aSituation({ spec: aSpec({ kubelet: { ...spec.kubelet, maxPods: 42 } }) })],
  [
    'other artifacts',
    w1,
    aSituation({
      lock: {
        ...lock,
        artifacts: lock.artifacts.map((one) => ({ ...one, sha256: 'ab'.repeat(32) })),
      },
    }),
  ],
  ['other masters', w1, aSituation({ controlPlane: cluster.controlPlane?.slice(0, 2) ?? [] })],
  ['a master with another address', w1, aSituation({}, [elsewhere, ...masters.slice(1), w1])],
  ['another name of the cluster', firstMaster, aSituation({ name: 'other' })],
  [
    'other members of etcd',
    firstMaster,
    aSituation({
      etcd: {
        members: masters.slice(0, 1).map(({ record }) => ({
          nodeId: record.id,
          name: record.name,
          clientUrl: 'https://192.0.2.1:2379',
          peerUrl: 'https://192.0.2.1:2380',
          memberId: null,
          learner: false,
        })),
        agreedMs: 0,
      },
    }),
  ],
])('%s makes it another host to be', (_what, node = w1, changed) => {
  const before = digestsIn(aSituation(), node);
  const after = digestsIn(changed, node);
  expect(after).toEqual(anew(changed, node));
  expect(after).not.toEqual(before);
  expect(digestsIn(aSituation(), node)).toEqual(before);
});

test('what a plan is made of is what its digests are of', () => {
  const situation = aSituation();
  digestsIn(situation, w1);
  const again = desiredOf(situation, memberOf(situation, w1));
  expect(again.host().digests).toEqual(again.digests());
  expect(again.host().stepsOf('settings')).not.toEqual([]);
});
