import { describe, expect, it } from 'vitest';
import { findDuplicate } from '../../../../coordinator/enrollment/find-duplicate.ts';
import { claimsOf } from '../../../../coordinator/identity/claims.ts';
import { originOf } from '../../../../coordinator/identity/origin.ts';
import { decide } from '../../../../coordinator/planner/decide.ts';
import type { NodeView } from '../../../../coordinator/planner/view.ts';
import type { AddressFact, NodeFacts } from '../../../../shared/model/facts.ts';
import { asNodeId } from '../../../../shared/model/ids.ts';
import { aFacts, aNode, aView, startMs } from '../../../support/cluster-builders.ts';

/** A worker that showed at its join what it was made of, and reports `now` since. */
function member(name: string, number: number, now: Partial<NodeFacts> = {}): NodeView {
  const node = aNode(name, number, { pool: 'workers', facts: now });
  return {
    ...node,
    record: { ...node.record, origin: originOf(aFacts(name, `192.168.7.${number}`)) },
  };
}

const addresses = (...list: readonly string[]): readonly AddressFact[] =>
  list.map((address) => ({ interface: 'eth0', address, prefix: 24, family: 'ipv4' }));

const wholeRange = addresses(
  ...Array.from({ length: 254 }, (_, index) => `192.168.7.${index + 1}`),
);

const factsOf = (nodes: readonly NodeView[]) =>
  new Map(nodes.flatMap(({ facts }) => (facts === null ? [] : [[facts.nodeId, facts]])));

const newcomer = (number: number, facts: Partial<NodeFacts> = {}) => ({
  nodeId: asNodeId('ffffffffffffffff'),
  name: 'w9',
  facts: aFacts('w9', `192.168.7.${number}`, facts),
});

describe('a member that reports other facts than at its join', () => {
  it('keeps nobody out: 254 claimed addresses, a claimed name and a claimed machine-id stop no join', () => {
    const greedy = member('w1', 1, {
      addresses: wholeRange,
      hostname: 'w9',
      machineId: 'machine-w9',
      productUuid: 'uuid-w9',
    });
    const nodes = [greedy];
    const found = findDuplicate(newcomer(9), [greedy.record], factsOf(nodes));
    expect(found).toBeNull();
  });

  it('still holds what it joined with', () => {
    const greedy = member('w1', 1, { addresses: wholeRange });
    const found = findDuplicate(newcomer(1), [greedy.record], factsOf([greedy]));
    expect(found).toMatchObject({ field: 'address', value: '192.168.7.1' });
  });

  it('gives an address up that it does not report any more', () => {
    const moved = member('w1', 1, { addresses: addresses('192.168.7.50') });
    expect(findDuplicate(newcomer(1), [moved.record], factsOf([moved]))).toBeNull();
  });

  it('is the one that is named when what it claims is another’s', () => {
    const nodes = [
      member('w1', 1, { addresses: addresses('192.168.7.1', '192.168.7.2'), hostname: 'w2' }),
      member('w2', 2),
    ];
    expect([...claimsOf(nodes)]).toEqual([
      [
        nodes[0]?.record.id,
        [
          { field: 'hostname', value: 'w2', owner: 'w2' },
          { field: 'address', value: '192.168.7.2', owner: 'w2' },
        ],
      ],
    ]);
  });

  it('is the one that the preflight blames, though it joined first', () => {
    const nodes = [member('w1', 1, { machineId: 'machine-w2' }), member('w2', 2)];
    const { faults } = decide(aView(nodes), startMs);
    const named = faults.filter(({ check }) => check === 'unique-machine-id');
    expect(named.map(({ node }) => node)).toEqual(['w1']);
  });
});

it('holds no more than sixteen addresses for one host, however many it joined with', () => {
  expect(originOf(aFacts('w1', '192.168.7.1', { addresses: wholeRange })).addresses).toHaveLength(
    16,
  );
});
