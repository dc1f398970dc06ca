import { expect, test } from 'vitest';
import { stateChecks } from '../../../../../coordinator/planner/preflight/state-checks.ts';
import { topologyOf } from '../../../../../coordinator/planner/topology.ts';
import type { SwapFact } from '../../../../../shared/model/facts.ts';
import { aCluster, aNode, aSpec, aView } from '../../../../support/cluster-builders.ts';

function findings(swap: Partial<SwapFact> | 'unknown', host: 'off' | 'refuse') {
  const fact = swap === 'unknown' ? swap : { devices: [], fstabLines: [], units: [], ...swap };
  const spec = aSpec({ host: { swap: host } });
  const view = aView([aNode('h1', 1, { facts: { swap: fact } })], aCluster({ spec }));
  const [member] = topologyOf(view).byId.values();
  const check = stateChecks.find(({ name }) => name === 'swap');
  if (member === undefined || check === undefined) throw new Error('no host or no check');
  return check.run(member, spec);
}

const fstab = '/dev/sda2 none swap sw 0 0';

test.each<[string, Partial<SwapFact>, string]>([
  ['swap that is on', { devices: ['/dev/sda2'] }, 'swap is on: /dev/sda2'],
  [
    'swap in fstab, which the next boot turns on',
    { fstabLines: [fstab] },
    `the next boot turns swap on: /etc/fstab has "${fstab}"`,
  ],
  [
    'a swap unit, which the next boot starts',
    { units: ['swapfile.swap'] },
    'the next boot turns swap on: swapfile.swap',
  ],
])('%s is an error, unless Muster is to turn it off', (_what, swap, found) => {
  expect(findings(swap, 'refuse')).toMatchObject([{ severity: 'error', found }]);
  expect(findings(swap, 'off')).toEqual([]);
});

test('a host without swap passes; one that cannot be read is warned of', () => {
  expect(findings({}, 'refuse')).toEqual([]);
  expect(findings('unknown', 'refuse')).toMatchObject([{ severity: 'warning' }]);
});
