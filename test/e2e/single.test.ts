// The small topology: one control-plane host with etcd, one worker.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, until } from '../lab/fleet.ts';
import { openTestFleet } from '../lab/test-fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await openTestFleet({
    lab: 'single',
    masters: 1,
    log: (line) => console.log(`  ${line}`),
  });
});

afterAll(async () => {
  await fleet?.lab.down();
});

test('one master and one worker become a cluster whose smoke test passes', async () => {
  await fleet.bootHosts([
    { name: 'm1', pool: 'control-plane' },
    { name: 'w1', pool: 'workers' },
  ]);
  const isOver = async (): Promise<boolean> =>
    (await fleet.plans()).some(
      (plan) => plan.goal === 'run the smoke test' && plan.state === 'done',
    );
  await until(isOver, { what: 'the smoke test', timeoutMs: 180_000, everyMs: 500 });
  await fleet.must(['kubeconfig', '-o', fleet.kubeconfig]);
  const { stdout } = await fleet.kubectl(['get', 'nodes', '--no-headers']);
  expect(stdout.match(/ Ready /g)).toHaveLength(2);
});
