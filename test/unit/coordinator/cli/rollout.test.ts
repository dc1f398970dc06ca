// What an operator types about a rollout, what is printed, and the exit code.
import { beforeEach, expect, test } from 'vitest';
import { decide } from '../../../../coordinator/planner/decide.ts';
import { fresh } from '../../../../coordinator/planner/rollout/standings.ts';
import { type ClusterRecord, keys } from '../../../../coordinator/store/records.ts';
import type { RolloutHost, RolloutRecord } from '../../../../coordinator/store/rollout-record.ts';
import { aView, startMs } from '../../../support/cluster-builders.ts';
import { type InstalledWorld, installedWorld } from '../operator/installed-world.ts';
import { serveWorld } from './health-world.ts';

let installed: InstalledWorld;
beforeEach(async () => {
  installed = await installedWorld();
});

const idOf = (name: string) => {
  const node = installed.world.nodes.find(({ record }) => record.name === name);
  if (node === undefined) throw new Error(`no ${name}`);
  return node.record.id;
};

/** A rollout of three hosts: as it stands, and as the planner speaks of it. */
async function rolled(change: Partial<RolloutRecord> = {}): Promise<ClusterRecord> {
  const { world } = installed;
  const cluster = await world.cluster();
  if (cluster === null) throw new Error('there is no cluster');
  const host = (state: RolloutHost['state']): RolloutHost => fresh(state, startMs);
  const rollout: RolloutRecord = {
    id: 'r1',
    generation: 2,
    from: {
      spec: { ...cluster.spec, kubernetes: { version: 'v1.36.4' } },
      lock: cluster.lock,
    },
    beganMs: startMs,
    state: 'running',
    stateSinceMs: startMs,
    by: null,
    stoppedBy: null,
    snapshot: null,
    hosts: {
      [idOf('m1')]: host('done'),
      [idOf('w1')]: host('done'),
      [idOf('w2')]: host('pending'),
    },
    ...change,
  };
  const after = { ...cluster, rollout };
  await world.put(after);
  world.decision = decide(aView(world.nodes, after), world.clock.now());
  return after;
}

const hostsAs = (w2: RolloutHost) => ({
  [idOf('m1')]: fresh('done', startMs),
  [idOf('w1')]: fresh('done', startMs),
  [idOf('w2')]: w2,
});

test('there is no rollout before apply has changed what hosts have', async () => {
  await using served = await serveWorld(installed.world);
  const { code, err } = await served.run('rollout', 'status', '--watch=false');
  expect(code).toBe(4);
  expect(err).toContain('there is no rollout: one begins when `coordinator apply` changes');
});

test('status shows every host’s place and returns at once when it is not to follow', async () => {
  await rolled({ state: 'paused', by: 'ann' });
  await using served = await serveWorld(installed.world);
  const { code, out } = await served.run('rollout', 'status', '--watch=false');
  expect(code).toBe(0);
  expect(out).toContain('rollout r1 v1.36.4 → v1.37.1 paused, 2 of 3 hosts done');
  expect(out).toMatch(/m1 done/);
  expect(out).toMatch(/w2 pending .* waits: rollout r1 was paused by ann/);
});

test.each([
  ['done', 0],
  ['stopped', 1],
  ['aborted', 1],
] as const)('status of a rollout that is %s ends with %i', async (state, code) => {
  const hosts =
    state === 'done'
      ? hostsAs(fresh('done', startMs))
      : hostsAs({
          ...fresh('failed', startMs),
          why: 'the kubelet does not start',
          isTakenBack: true,
        });
  const stoppedBy = { nodeId: idOf('w2'), why: 'the kubelet does not start' };
  await rolled({ state, hosts, ...(state === 'stopped' ? { stoppedBy } : {}) });
  await using served = await serveWorld(installed.world);
  const ran = await served.run('rollout', 'status');
  expect(ran.code).toBe(code);
  if (state === 'stopped') {
    expect(ran.out).toContain('w2 failed: failed in rollout r1 and was taken back to what it had');
    expect(ran.out).toContain('the kubelet does not start');
  }
});

test('status gives up with 124 and says what it waits for', async () => {
  await rolled({ state: 'paused' });
  await using served = await serveWorld(installed.world);
  const { code, err } = await served.run('rollout', 'status', '--timeout', '1s');
  expect(code).toBe(124);
  expect(err).toContain('rollout r1 did not end within 1s');
});

test('pause, resume, abort: each is kept with who asked, and what makes no sense is refused', async () => {
  await rolled();
  await using served = await serveWorld(installed.world);
  expect((await served.run('rollout', 'pause')).out).toContain('rollout r1 is paused');
  expect((await installed.world.cluster())?.rollout).toMatchObject({ state: 'paused', by: 'ann' });
  expect((await served.run('rollout', 'resume')).code).toBe(0);
  expect((await installed.world.cluster())?.rollout?.state).toBe('running');
  expect((await served.run('rollout', 'abort')).code).toBe(0);
  expect((await installed.world.cluster())?.rollout?.state).toBe('aborting');
  const refused = await served.run('rollout', 'resume');
  expect(refused.code).toBe(3);
  expect(refused.err).toContain('rollout r1 is aborting: it cannot be resumed');
});

test('retry of one host puts it back in the row and releases what is held of it', async () => {
  await rolled({
    state: 'stopped',
    hosts: hostsAs({ ...fresh('failed', startMs), why: 'it broke' }),
    stoppedBy: { nodeId: idOf('w2'), why: 'it broke' },
  });
  await using served = await serveWorld(installed.world);
  const before = installed.world.nodes.find(({ record }) => record.name === 'w2')?.record;
  expect((await served.run('rollout', 'retry', 'w2')).out).toContain('rollout r1 tries w2 again');
  const after = (await installed.world.cluster())?.rollout;
  expect(after).toMatchObject({ state: 'running', stoppedBy: null });
  expect(after?.hosts[idOf('w2')]?.state).toBe('pending');
  const stored = await installed.world.store.get<{ retryGeneration: number }>(
    keys.node(idOf('w2')),
  );
  expect(stored?.value.retryGeneration).toBe((before?.retryGeneration ?? 0) + 1);
});

test('retry of a host that the rollout is not about is refused', async () => {
  await rolled({ state: 'stopped', hosts: { [idOf('m1')]: fresh('failed', startMs) } });
  await using served = await serveWorld(installed.world);
  const { code, err } = await served.run('rollout', 'retry', 'w2');
  expect(code).toBe(3);
  expect(err).toContain('rollout r1 is not about w2');
});

test('history lists rollouts, the last one included', async () => {
  const cluster = await rolled({ state: 'done', hosts: hostsAs(fresh('done', startMs)) });
  await installed.world.put({
    ...cluster,
    pastRollouts: [
      {
        id: 'r0',
        generation: 1,
        beganMs: startMs - 600_000,
        endedMs: startMs - 500_000,
        by: null,
        snapshot: null,
        state: 'stopped',
        fromVersion: 'v1.36.4',
        toVersion: 'v1.36.4',
        counts: { done: 1, failed: 1 },
        troubles: ['w2: it broke'],
      },
    ],
  });
  await using served = await serveWorld(installed.world);
  const { out } = await served.run('rollout', 'history');
  expect(out).toMatch(/r0 +v1\.36\.4 +v1\.36\.4 +stopped +1\/2/);
  expect(out).toMatch(/r1 +v1\.36\.4 +v1\.37\.1 +done +3\/3/);
});
