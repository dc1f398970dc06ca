// Which components of a host are another than they should be, and that a host prepared by an earlier version
// of Muster is not taken for one that lacks something.
import { expect, test } from 'vitest';
import type { Applied, AppliedComponent } from '../../../../coordinator/components/component.ts';
import { dueComponents } from '../../../../coordinator/components/host/due-components.ts';
import { desiredHost } from '../../../../coordinator/components/host/host-components.ts';
import { Materials } from '../../../../coordinator/components/materials.ts';
import { digestOf } from '../../../../shared/canonical.ts';
import { aLock, aSpec } from '../../../support/cluster-builders.ts';

function desired(kubernetes: string, role: 'control-plane' | 'worker' = 'worker') {
  const spec = aSpec({ kubernetes: { version: 'v1.37.1' } });
  const lock = aLock();
  const artifacts = lock.artifacts.map((artifact) =>
    ['kubeadm', 'kubelet'].includes(artifact.name)
      ? { ...artifact, version: kubernetes, sha256: digestOf(`${artifact.name} ${kubernetes}`) }
      : artifact,
  );
  const pool = spec.pools.find(({ roles }) => roles.includes(role));
  if (pool === undefined) throw new Error(`no pool of ${role}`);
  return desiredHost({
    host: {
      name: 'h1',
      address: '192.168.7.21',
      arch: 'amd64',
      pool,
      facts: { cgroup: 'unknown' },
    },
    spec,
    cluster: 'lab',
    materials: new Materials({ ...lock, artifacts }, 'amd64', spec),
    masters: ['192.168.7.11'],
    etcd: [],
  });
}

const known = (digest: string | null): AppliedComponent => ({ digest, planId: 'p1', atMs: 1 });
const appliedOf = (digests: object): Applied =>
  Object.fromEntries(
    Object.entries(digests).map(([name, digest]: [string, string]) => [name, known(digest)]),
  );

const whole = desired('v1.36.4');

test('a host that has what it should have is due nothing', () => {
  expect(dueComponents(whole, appliedOf(whole.digests))).toEqual([]);
});

test('kubeadm and the kubelet of another version are due apart from each other', () => {
  const next = desired('v1.37.1');
  const applied = appliedOf(whole.digests);
  expect(dueComponents(next, applied)).toEqual(['kubeadm', 'kubernetes']);
  const staged = { ...applied, kubeadm: known(next.digests.kubeadm ?? null) };
  expect(dueComponents(next, staged)).toEqual(['kubernetes']);
});

test.each(['worker', 'control-plane'] as const)(
  'a %s whose record knows kubeadm as a part of kubernetes is due neither while nothing changed',
  (role) => {
    const now = desired('v1.36.4', role);
    const { kubeadm: _none, ...others } = now.digests;
    const applied = appliedOf({ ...others, kubernetes: now.undividedKubernetes });
    expect(dueComponents(now, applied)).toEqual([]);
    expect(dueComponents(desired('v1.37.1', role), applied)).toEqual(['kubeadm', 'kubernetes']);
  },
);

// As the last version that had one component wrote them for these very inputs.
test.each([
  ['worker', 'c98f8bd02b8e0218'],
  ['control-plane', '11ffb24f711b11d4'],
] as const)(
  'of a %s the digest of the undivided component is the one that stores hold',
  (role, digest) => {
    expect(desired('v1.36.4', role).undividedKubernetes).toBe(digest);
  },
);

test('what was never recorded, or without a digest, is due', () => {
  const { network: _none, ...others } = whole.digests;
  const applied = { ...appliedOf(others), settings: known(null) };
  expect(dueComponents(whole, applied)).toEqual(['settings', 'network']);
});
