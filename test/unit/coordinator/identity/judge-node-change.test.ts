import { describe, expect, it } from 'vitest';
import {
  judgeNodeChange,
  type NodeAction,
  type NodeSituation,
} from '../../../../coordinator/identity/judge-node-change.ts';
import type { IdentityState, NodeRecord } from '../../../../coordinator/store/records.ts';
import { aCluster, aNode, startMs } from '../../../support/cluster-builders.ts';

const now = startMs + 1_000_000;
const isNode = { node: { digest: 'd', planId: null, atMs: startMs } };

function situation(
  node: Partial<NodeRecord> = {},
  change: Partial<NodeSituation> = {},
): NodeSituation {
  return {
    node: { ...aNode('w1', 1, { pool: 'workers' }).record, ...node },
    cluster: aCluster(),
    isOnline: false,
    isMissed: true,
    isJoining: false,
    successor: null,
    now,
    ...change,
  };
}

const judge = (action: NodeAction, given: NodeSituation): string => {
  const verdict = judgeNodeChange(action, given);
  return verdict.kind === 'do' ? verdict.node.state : `refused: ${verdict.why}`;
};

describe('the states of an identity', () => {
  const rows: readonly [NodeAction, IdentityState, string | RegExp][] = [
    ['approve', 'active', /nothing of it waits/],
    ['approve', 'locked', 'active'],
    ['approve', 'evicted', 'active'],
    ['approve', 'banned', 'active'],
    ['approve', 'retired', /was removed/],
    ['evict', 'active', 'evicted'],
    ['evict', 'locked', 'evicted'],
    ['evict', 'evicted', /evicted already/],
    ['evict', 'banned', /banned already/],
    ['evict', 'retired', /retired already/],
    ['ban', 'active', 'banned'],
    ['ban', 'locked', 'banned'],
    ['ban', 'evicted', 'banned'],
    ['ban', 'retired', 'banned'],
    ['ban', 'banned', /banned already/],
    ['remove', 'active', 'retired'],
    ['remove', 'locked', 'retired'],
    ['remove', 'evicted', 'retired'],
    ['remove', 'banned', 'retired'],
    ['remove', 'retired', /removed already/],
  ];
  it.each(rows)('%s of one that is %s', (action, state, expected) => {
    const certificate = { notBeforeMs: now - 1000, notAfterMs: now + 1000, from: '' };
    expect(judge(action, situation({ state, certificate }))).toMatch(expected);
  });
});

describe('approve', () => {
  it('takes the next counter and, after another machine-id, the next machine-id', () => {
    const origin = { hostname: 'w1', machineId: 'a', productUuid: 'u', addresses: [] };
    const lock = { what: 'x', addresses: ['1', '2'], atMs: now } as const;
    const locked = { state: 'locked', origin } as const;
    const machine = situation({ ...locked, lock: { ...lock, reason: 'machine' } });
    const instance = situation({ ...locked, lock: { ...lock, reason: 'instance' } });
    expect(judgeNodeChange('approve', machine)).toMatchObject({
      node: { takesNextCounter: true, origin: { machineId: null } },
    });
    const approved = judgeNodeChange('approve', instance);
    expect(approved).toMatchObject({
      node: { takesNextCounter: true, origin: { machineId: 'a' } },
    });
    expect(approved).not.toHaveProperty('node.lock');
  });

  it('lets a host come back whose certificate ended, for a day', () => {
    const certificate = { notBeforeMs: 0, notAfterMs: now - 1, from: '' };
    expect(judgeNodeChange('approve', situation({ certificate }))).toMatchObject({
      kind: 'do',
      node: { state: 'active', mayReturnUntilMs: now + 24 * 3_600_000, returns: [] },
    });
  });

  it('is refused when another node has the name now', () => {
    const successor = aNode('w1', 2).record;
    expect(judge('approve', situation({ state: 'evicted' }, { successor }))).toMatch(
      /another node/,
    );
  });
});

describe('remove', () => {
  it('takes a spare and a host that never joined, though they call', () => {
    expect(judge('remove', situation({}, { isOnline: true }))).toBe('retired');
  });

  it('takes a worker that is gone, and says what it can still do', () => {
    const verdict = judgeNodeChange('remove', situation({ applied: isNode }));
    expect(verdict).toMatchObject({ kind: 'do', isDestructive: true });
    expect(JSON.stringify(verdict)).toContain('its kubelet has a certificate of the cluster');
  });

  it.each([
    ['a master', {}, { cluster: aCluster({ masters: [aNode('w1', 1).record.id] }) }, /is a master/],
    [
      'a host chosen for the control plane',
      {},
      { cluster: aCluster({ controlPlane: [aNode('w1', 1).record.id] }) },
      /chosen for the control plane/,
    ],
    ['a worker that calls', { applied: isNode }, { isOnline: true }, /kubectl drain w1/],
    ['a host that is joining', {}, { isOnline: true, isJoining: true }, /is joining/],
    [
      'a worker of which nothing is known yet',
      { applied: isNode },
      { isMissed: false },
      /has just started/,
    ],
  ] as const)('refuses %s, with what can be done', (_what, node, change, expected) => {
    expect(judge('remove', situation(node, change))).toMatch(expected);
  });

  it('has the Node object of a host looked for that went away while it joined', () => {
    const verdict = judgeNodeChange('remove', situation({}, { isJoining: true }));
    expect(verdict).toMatchObject({ node: { state: 'retired', applied: { node: { atMs: now } } } });
  });
});
