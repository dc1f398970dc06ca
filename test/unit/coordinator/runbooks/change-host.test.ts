// What a host that works is told when only some of its components are others, and the gates around it.
import { expect, test } from 'vitest';
import type { HostComponentName } from '../../../../coordinator/components/component.ts';
import { changes } from '../../../../coordinator/planner/changes.ts';
import { desiredOf } from '../../../../coordinator/planner/desired.ts';
import { initInputs } from '../../../../coordinator/planner/goals/init.ts';
import { controlPlaneOf, etcdOf, situationOf } from '../../../../coordinator/planner/situation.ts';
import { topologyOf } from '../../../../coordinator/planner/topology.ts';
import { changeHost } from '../../../../coordinator/runbooks/change-host.ts';
import { changeControlPlane } from '../../../../coordinator/runbooks/upgrade-control-plane.ts';
import type { Stage } from '../../../../shared/model/plan.ts';
import type { Step } from '../../../../shared/model/step.ts';
import { aCluster, aNode, aView } from '../../../support/cluster-builders.ts';

const masters = [aNode('m1', 11), aNode('m2', 12)];
const nodes = [...masters, aNode('w1', 21, { pool: 'workers' })];
const view = aView(nodes, aCluster({ controlPlane: masters.map(({ record }) => record.id) }));
const situation = situationOf({ view, topology: topologyOf(view), faults: [], now: 0 });
const masterHosts = controlPlaneOf(situation);
const gates = { before: changes.join.gateBefore, after: changes.join.gateAfter };

function plan(name: string, components: readonly HostComponentName[]): readonly Stage[] {
  const host = situation.topology.members.find((member) => member.name === name);
  if (host === undefined) throw new Error(`no host ${name}`);
  const isMaster = masterHosts.includes(host);
  return changeHost({
    desired: desiredOf(situation, host).host(),
    components,
    host,
    kubelet: 'v1.37.1',
    master: isMaster ? { etcd: etcdOf(situation), masterHosts, gates } : null,
  });
}

const stepsOf = (stages: readonly Stage[]): readonly Step[] => stages.flatMap(({ steps }) => steps);
const disrupting = (stages: readonly Stage[]): readonly string[] =>
  stepsOf(stages)
    .filter(({ effect }) => effect === 'disrupt')
    .map(({ id }) => id);

test.each(['m1', 'w1'])('kubeadm and images come to %s without anybody noticing', (name) => {
  const stages = plan(name, ['kubeadm']);
  expect(disrupting(stages)).toEqual([]);
  const kinds = new Set(stepsOf(stages).map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(['install-binary', 'import-image']));
  expect(JSON.stringify(stages)).not.toContain('/kubelet"');
});

test('what differs in nothing is no stage', () => {
  expect(plan('w1', [])).toEqual([]);
});

test.each<[HostComponentName, string, readonly string[]]>([
  ['kubernetes', 'kubelet.service', ['/usr/local/bin/kubelet', '/var/lib/kubelet/config.yaml']],
  ['runtime', 'containerd.service', ['/usr/local/bin/containerd', '/usr/local/bin/runc']],
  ['etcd', 'etcd.service', ['/usr/local/bin/etcd']],
  ['api-proxy', 'muster-api-proxy.service', ['/etc/muster/api-proxy/nginx.conf']],
])('a change of %s starts %s again with its own files', (component, unit, files) => {
  const stages = plan('m1', [component]);
  const managed = stepsOf(stages).filter((step) => step.kind === 'manage-unit');
  expect(managed.map(({ args }) => [args.name, args.state])).toEqual([[unit, 'running']]);
  expect(managed[0]?.args.restartOn).toEqual(expect.arrayContaining([...files]));
  expect(disrupting(stages)).toEqual(managed.map(({ id }) => id));
});

test('all of a host has each step once, and each restart in a stage of its own', () => {
  const stages = plan('m1', [
    'settings',
    'runtime',
    'network',
    'kubeadm',
    'kubernetes',
    'api-proxy',
    'etcd',
  ]);
  const ids = stepsOf(stages).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { steps } of stages)
    if (steps.some(({ effect }) => effect === 'disrupt')) expect(steps).toHaveLength(1);
});

// The agent measures the stage before a disrupting step again when it is taken up halfway: a gate over the
// subject's own API server would wait for ever for what that very step has to bring back.
test.each([
  ['the kubelet of m1', () => plan('m1', ['kubernetes'])],
  [
    'the control plane of m1',
    () =>
      changeControlPlane(
        { ...initInputs(situation, masterHosts[0]!), caDigest: 'ca'.repeat(32), masterHosts },
        gates,
      ),
  ],
])('the gate before %s looks at the other masters and never at itself', (_what, make) => {
  const stages = make();
  const at = stages.findIndex(({ steps }) => steps.some(({ effect }) => effect === 'disrupt'));
  const gate = stages[at - 1]?.steps ?? [];
  expect(gate.every(({ effect }) => effect === 'read')).toBe(true);
  expect(gate.map(({ id }) => id)).toEqual(['etcd-gate', 'gate-apiserver-m2', 'gate-node-m2']);
});
