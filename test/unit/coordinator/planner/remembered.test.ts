import { expect, test } from 'vitest';
import { remembered } from '../../../../coordinator/planner/remembered.ts';
import { aCluster, aLock, aSpec } from '../../../support/cluster-builders.ts';

test('what is rendered is rendered once while nothing that it is made of is another', () => {
  const kept = remembered<number>();
  let made = 0;
  const make = (): number => {
    made += 1;
    return made;
  };
  const cluster = aCluster();
  expect(kept.of(cluster, { host: 'h1' }, make)).toBe(1);
  expect(kept.of(aCluster({ ...cluster, masters: [] }), { host: 'h1' }, make)).toBe(1);
  expect(kept.of(cluster, { host: 'h2' }, make)).toBe(2);
  expect(kept.of({ ...cluster, name: 'other' }, { host: 'h1' }, make)).toBe(3);
  expect(kept.of({ ...cluster, lock: aLock() }, { host: 'h1' }, make)).toBe(4);
  expect(kept.of({ ...cluster, spec: aSpec() }, { host: 'h1' }, make)).toBe(5);
});
