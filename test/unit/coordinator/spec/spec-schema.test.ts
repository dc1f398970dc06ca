import { expect, test } from 'vitest';
import { nearestName } from '../../../../coordinator/spec/nearest.ts';
import { describeSchema } from '../../../../coordinator/spec/spec-schema.ts';
import { rangesOverlap } from '../../../../shared/ipv4.ts';

test('describes the fields of a part with type, default and meaning', () => {
  const described = describeSchema('cluster.spec.rollout');
  expect(described.fields).toContainEqual({
    name: 'canary',
    type: 'integer',
    isRequired: false,
    defaultValue: '1',
    description: 'hosts changed first, alone, before the waves',
  });
});

test('walks through lists, and knows what is required', () => {
  const { type, fields } = describeSchema('cluster.spec.pools');
  expect(type).toBe('list of map');
  expect(fields.filter((field) => field.isRequired).map((field) => field.name)).toEqual([
    'name',
    'roles',
  ]);
  expect(describeSchema('cluster.spec.pools.taints').fields.map(({ name }) => name)).toContain(
    'effect',
  );
});

test('a field that is not there names the nearest one', () => {
  expect(() => describeSchema('cluster.spec.rolout')).toThrow('did you mean cluster.spec.rollout?');
  expect(() => describeSchema('pod.spec')).toThrow('paths begin with cluster');
});

test.each([
  ['netwrok', 'network'],
  ['poools', 'pools'],
  ['etdc', 'etcd'],
  ['Pools', 'pools'],
  ['xyz', null],
  ['kubernetesversion', null],
])('the nearest name to %s is %s', (word, expected) => {
  expect(nearestName(word, ['network', 'pools', 'etcd', 'kubernetes'])).toBe(expected);
});

test.each([
  ['10.0.0.0/8', '10.255.255.255/32', true],
  ['10.0.0.0/9', '10.128.0.0/9', false],
  ['0.0.0.0/0', '192.168.1.0/24', true],
  ['192.168.0.0/24', '192.168.1.0/24', false],
  ['255.255.255.255/32', '255.255.255.255/32', true],
])('%s and %s overlap: %s', (a, b, expected) => {
  expect(rangesOverlap(a, b)).toBe(expected);
  expect(rangesOverlap(b, a)).toBe(expected);
});
