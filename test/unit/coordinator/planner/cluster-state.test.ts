// What ends a change of the control plane: a plan that was made for it, and nothing older.
import { expect, test } from 'vitest';
import { next } from '../../../../coordinator/planner/cluster-state.ts';
import { situationOf } from '../../../../coordinator/planner/situation.ts';
import { topologyOf } from '../../../../coordinator/planner/topology.ts';
import type { ClusterRecord, ControlPlaneChange } from '../../../../coordinator/store/records.ts';
import { aCluster, aNode, aView, planFrom, startMs } from '../../../support/cluster-builders.ts';
import { aDraft } from '../../../support/plan-builders.ts';

const m1 = aNode('m1', 11);
const m2 = aNode('m2', 12);
const ids = [m1, m2].map(({ record }) => record.id);

/** The cluster record after one look: m2 joins, and its plan number `sequence` is done. */
function afterTurn(change: Partial<ControlPlaneChange>, sequence: number): ClusterRecord {
  const goalKey = {
    kind: 'join',
    subject: m2.record.id,
    inputsDigest: 'a',
    generation: 0,
  } as const;
  const plan = { ...planFrom(aDraft(m2, { goalKey }), sequence, startMs), state: 'done' } as const;
  const cluster = aCluster({
    controlPlane: ids,
    masters: [m1.record.id],
    change: {
      kind: 'join',
      subjects: [m2.record.id],
      delegate: m2.record.id,
      // The clock was set back since.
      beganMs: startMs + 1_000,
      ...change,
    },
  });
  const view = aView([m1, { ...m2, plans: [plan] }], cluster);
  return next(situationOf({ view, topology: topologyOf(view), faults: [], now: startMs })).cluster;
}

test('a change ends with the plan that was made for it, whatever the clock says', () => {
  const after = afterTurn({ numbersBefore: { host: 4, cluster: 9 } }, 5);
  expect(after).toMatchObject({ change: null, masters: ids });
});

test('a done plan of an earlier change of the same kind ends nothing', () => {
  const after = afterTurn({ numbersBefore: { host: 5, cluster: 0 } }, 5);
  expect(after).toMatchObject({ change: { kind: 'join' }, masters: [m1.record.id] });
});

test('a change that an older version recorded ends as it did there', () => {
  expect(afterTurn({}, 1)).toMatchObject({ change: null, masters: ids });
});
