// `node approve|evict|ban|remove` as operators ask for it, over a store in memory.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type ApprovalRecord,
  keys,
  type NodeRecord,
} from '../../../../coordinator/store/records.ts';
import { aCluster, aNode } from '../../../support/cluster-builders.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import { type OperatorWorld, operatorWorld } from './operator-world.ts';

let world: OperatorWorld;
const w1 = aNode('w1', 1, { pool: 'workers', online: false });
beforeEach(async () => {
  world = operatorWorld();
  await world.put(aCluster());
  await world.store.put(keys.node(w1.record.id), w1.record, 0);
});

const change = async (
  action: string,
  name: string,
  { isDryRun = false, isConfirmed = true } = {},
): Promise<readonly string[]> =>
  (
    await world.handlers.ChangeNode(
      { action, name, dryRun: isDryRun, confirmed: isConfirmed },
      world.context,
    )
  ).messages ?? [];

const nodeOf = async (id: string): Promise<NodeRecord | undefined> =>
  (await world.store.get<NodeRecord>(keys.node(id)))?.value;

const refusedHost = {
  cluster: 'lab',
  nodeId: 'abababababababab',
  name: 'w1',
  source: '10.0.0.9',
  reason: 'another node has the node name w1',
  mend: 'approve it',
};

describe('a change of a node', () => {
  it('is in the record, in the audit log and in the events, and rings its poll', async () => {
    const [what] = await change('evict', 'w1');
    expect(what).toBe('w1 is evicted');
    expect(await nodeOf(w1.record.id)).toMatchObject({ state: 'evicted' });
    expect(world.woken).toEqual([w1.record.id]);
    expect(world.audited.map(({ event }) => event)).toEqual(['node-state', 'operator']);
    expect(world.feed.read(0, () => true).lines.map(({ text }) => text)).toEqual(['w1 is evicted']);
    await change('approve', w1.record.id);
    expect(await nodeOf(w1.record.id)).toMatchObject({ state: 'active' });
    expect(world.forgotten).toEqual([w1.record.id]);
  });

  it.each(['evict', 'ban', 'remove'])(
    '%s takes something away, so it wants a yes',
    async (action) => {
      const refusal = await failureOf(change(action, 'w1', { isConfirmed: false }));
      expect(refusal.code).toBe('refused');
      expect(refusal.message).toContain(`coordinator node ${action} w1 --yes`);
      const lines = await change(action, 'w1', { isDryRun: true, isConfirmed: false });
      expect(lines[0]).toMatch(/^would be so: w1 is /);
      expect(await nodeOf(w1.record.id)).toEqual(w1.record);
      expect(world.audited).toEqual([]);
    },
  );

  it('of nobody, or of another kind, changes nothing', async () => {
    expect((await failureOf(change('evict', 'w9'))).code).toBe('not-found');
    expect((await failureOf(change('dance', 'w1'))).code).toBe('usage');
  });

  it('is found no more once the node is removed: its name is free', async () => {
    await change('remove', 'w1');
    expect((await failureOf(change('evict', 'w1'))).code).toBe('not-found');
    const { documents } = await world.handlers.Get({ kind: 'nodes', name: '' }, world.context);
    expect(documents).toEqual([]);
  });
});

describe('approve of a host that was refused', () => {
  const approval = async (): Promise<ApprovalRecord | undefined> =>
    (await world.store.get<ApprovalRecord>(keys.approval(refusedHost.nodeId)))?.value;

  it('lets it take the place of one that is away, with a yes', async () => {
    world.refused = [refusedHost];
    await world.store.put(
      keys.node(w1.record.id),
      {
        ...w1.record,
        certificate: { notBeforeMs: 0, notAfterMs: Number.MAX_SAFE_INTEGER, from: '' },
      },
      (await world.store.get(keys.node(w1.record.id)))?.revision ?? 0,
    );
    expect((await failureOf(change('approve', 'w1', { isConfirmed: false }))).code).toBe('refused');
    expect(await approval()).toBeUndefined();
    const lines = await change('approve', 'w1');
    expect(lines[0]).toContain('may join as w1');
    expect(await approval()).toMatchObject({ replaces: w1.record.id, name: 'w1' });
  });

  it('is refused while the one of that name calls', async () => {
    world.refused = [refusedHost];
    world.nodes = [{ ...w1, online: true }];
    await world.store.put(
      keys.node(w1.record.id),
      {
        ...w1.record,
        certificate: { notBeforeMs: 0, notAfterMs: Number.MAX_SAFE_INTEGER, from: '' },
      },
      (await world.store.get(keys.node(w1.record.id)))?.revision ?? 0,
    );
    expect((await failureOf(change('approve', 'w1'))).message).toContain('whose agent calls');
  });

  it('asks which one when a locked node has the name too', async () => {
    world.refused = [refusedHost];
    await world.store.put(
      keys.node(w1.record.id),
      { ...w1.record, state: 'locked' },
      (await world.store.get(keys.node(w1.record.id)))?.revision ?? 0,
    );
    const refusal = await failureOf(change('approve', 'w1'));
    expect(refusal.message).toContain(refusedHost.nodeId);
    expect(refusal.message).toContain(w1.record.id);
    await change('approve', w1.record.id);
    expect(await nodeOf(w1.record.id)).toMatchObject({ state: 'active' });
  });

  it('needs no yes for a host that takes nobody’s place', async () => {
    world.refused = [{ ...refusedHost, name: 'w7' }];
    await change('approve', 'w7', { isConfirmed: false });
    expect(await approval()).toMatchObject({ replaces: null });
  });
});
