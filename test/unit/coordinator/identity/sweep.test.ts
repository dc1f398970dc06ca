import { describe, expect, it } from 'vitest';
import { createSweep, sweepLeft } from '../../../../coordinator/identity/sweep.ts';
import { keys, type TokenRecord } from '../../../../coordinator/store/records.ts';
import { memoryStore } from '../../../fakes/store.ts';
import { aNode, startMs } from '../../../support/cluster-builders.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const day = 24 * 3_600_000;
const aToken = (id: string, expiresMs: number): TokenRecord => ({
  id,
  secretHash: '',
  cluster: 'lab',
  pool: 'workers',
  createdMs: 0,
  expiresMs,
  uses: 1,
  revoked: false,
  nodeName: null,
  sourceRange: null,
  standing: false,
  spentBy: [],
});

describe('what is not kept', () => {
  it('are tokens that ended a week ago, and approvals that ended', async () => {
    const clock = manualClock();
    const store = memoryStore();
    await store.put(keys.token('old'), aToken('old', clock.now() - 8 * day), 0);
    await store.put(keys.token('new'), aToken('new', clock.now() - 6 * day), 0);
    await store.put(keys.approval('a'), { expiresMs: clock.now() - 1 }, 0);
    const sweep = createSweep({ store, clock });
    await sweep();
    expect((await store.range(keys.tokens)).map(({ key }) => key)).toEqual([keys.token('new')]);
    expect(await store.range(keys.approvals)).toEqual([]);
    clock.advance(2 * day);
    await sweep();
    expect(await store.range(keys.tokens)).toEqual([]);
  });

  it('are facts and plans of a removed host at once, and its key after thirty days', async () => {
    const store = memoryStore();
    const node = aNode('w1', 1);
    const record = { ...node.record, state: 'retired', stateSinceMs: startMs } as const;
    const { id } = record;
    await store.put(keys.node(id), record, 0);
    await store.put(keys.facts(id), node.facts, 0);
    await store.put(keys.journal(id), {}, 0);
    const deps = { store, plans: { drop: async () => {} } };
    await sweepLeft(deps, [{ ...node, record }], startMs + day);
    expect((await store.range('')).map(({ key }) => key)).toEqual([keys.node(id)]);
    await sweepLeft(deps, [{ ...node, record, facts: null }], startMs + 31 * day);
    expect(await store.range('')).toEqual([]);
  });

  it('is nothing of a member, a locked or a banned one', async () => {
    const store = memoryStore();
    const node = aNode('w1', 1);
    for (const state of ['active', 'locked', 'banned'] as const) {
      const record = { ...node.record, state, stateSinceMs: startMs };
      const key = keys.node(record.id);
      await store.put(key, record, (await store.get(key))?.revision ?? 0);
      const deps = { store, plans: { drop: async () => {} } };
      await sweepLeft(deps, [{ ...node, record }], startMs + 400 * day);
      expect(await store.get(key)).not.toBeNull();
    }
  });
});
