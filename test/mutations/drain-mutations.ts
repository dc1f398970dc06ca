// What keeps a drain from ending the wrong pods, and from giving back what somebody else has cordoned.
import type { Mutation } from './mutation.ts';

const drainTests = ['test/unit/agent/steps/drain-node.test.ts'];
const cordonTests = ['test/unit/agent/steps/cordon-node.test.ts'];
const planTests = ['test/unit/coordinator/planner/drain.test.ts'];

export const drainMutations: readonly Mutation[] = [
  {
    name: 'drain-cordoned-only',
    without: 'pods are evicted from a node that was made schedulable meanwhile',
    file: 'agent/steps/drain-node.ts',
    from: "if (cordoned !== 'yes') return {",
    to: "if (cordoned === 'gone') return {",
    tests: drainTests,
  },
  {
    name: 'drain-uid',
    without: 'a pod of the same name on another host is evicted',
    file: 'agent/steps/evict-pod.ts',
    from: 'preconditions: { uid: pod.uid },',
    to: '',
    tests: drainTests,
  },
  {
    name: 'drain-unmanaged',
    without: 'a pod that nobody makes again is evicted without being asked for',
    file: 'agent/steps/pods-of-node.ts',
    from: 'if (isUnmanaged && !args.evictUnmanaged)',
    to: 'if (false)',
    tests: drainTests,
  },
  {
    name: 'drain-empty-dir',
    without: 'data in an emptyDir is lost without being asked for',
    file: 'agent/steps/pods-of-node.ts',
    from: 'if (hasData && !args.deleteEmptyDirData)',
    to: 'if (false)',
    tests: drainTests,
  },
  {
    name: 'node-of-machine',
    without: 'the Node of another machine that has the name now is taken for the host’s',
    file: 'agent/steps/own-node.ts',
    from: "wanted.machineId === '' || machineId === wanted.machineId",
    to: "machineId !== ''",
    tests: [...cordonTests, ...drainTests],
  },
  {
    name: 'cordon-of-others',
    without: 'what somebody else has cordoned counts as ours',
    file: 'agent/steps/cordon-node.ts',
    from: 'if (now.owner === owner)',
    to: 'if (now.isCordoned)',
    tests: cordonTests,
  },
  {
    name: 'cordon-version',
    without: 'a cordon is written over what another has done since it was looked at',
    file: 'agent/steps/cordon-mark.ts',
    from: "resourceVersion: textAt(node, 'metadata', 'resourceVersion'),",
    to: '',
    tests: cordonTests,
  },
  {
    name: 'uncordon-ours-only',
    without: 'a rollout gives back what an operator has cordoned',
    file: 'agent/steps/uncordon-node.ts',
    from: 'owner === CORDON_OPERATOR || now.owner === owner',
    to: 'true',
    tests: cordonTests,
  },
  {
    name: 'uncordon-after-cordon',
    without: 'a cordon that is on its way comes after the uncordon, and nobody takes it away',
    file: 'coordinator/planner/drain.ts',
    from: "if (isUnderWay(situation, member, 'cordon'))",
    to: 'if (false)',
    tests: planTests,
  },
  {
    name: 'late-cordon',
    without: 'a master that comes back cordons a host that was given back meanwhile',
    file: 'coordinator/coordinator.ts',
    from: 'of decision.stop ?? []',
    to: 'of []',
    tests: ['test/unit/coordinator/coordinator-loop.test.ts'],
  },
];
