import { expect, test } from 'vitest';
import { kubeletHealth } from '../../../../agent/health/kubelet.ts';
import { healthWorld } from '../../../support/health-sources.ts';

const aNode = (options = {}) => {
  const world = healthWorld(options);
  world.host.put('/etc/kubernetes/kubelet.conf', '');
  world.host.put('/var/lib/kubelet/config.yaml', 'kind: KubeletConfiguration\n');
  return world;
};

test('a kubelet that answers is right, and keeps its since', async () => {
  const { sources, clock, asked } = aNode();
  const first = await kubeletHealth(sources);
  expect(first).toEqual({ ok: true, message: '', sinceMs: clock.now() });
  await clock.advance(10_000);
  expect(await kubeletHealth(sources)).toEqual(first);
  expect(asked[0]).toBe('http://127.0.0.1:10248/healthz');
});

test('a kubelet that was stopped hangs, and is known by not answering in time', async () => {
  const world = aNode({ limitMs: 20 });
  world.kubelet = 'hangs';
  expect(await kubeletHealth(world.sources)).toMatchObject({
    ok: false,
    message: 'no answer within 0.02 s',
  });
});

test('what it says when something in it is wrong comes along, in one line', async () => {
  const world = aNode();
  world.kubelet = { status: 500, text: 'ok\nsyncloop failed' };
  const health = await kubeletHealth(world.sources);
  expect(health?.message).toBe('it answers 500: ok syncloop failed');
  world.kubelet = new Error('connect ECONNREFUSED 127.0.0.1:10248');
  expect((await kubeletHealth(world.sources))?.message).toContain('ECONNREFUSED');
});

test('on a host that has not joined there is none', async () => {
  const { sources, asked } = healthWorld();
  expect(await kubeletHealth(sources)).toBeNull();
  expect(asked).toEqual([]);
});

test('another health port is used, and one that is switched off is not missed', async () => {
  const { sources, host, asked } = aNode();
  host.put('/etc/kubernetes/kubelet.conf.d/10-muster.conf', 'a: 1\nhealthzPort: 11248\n');
  await kubeletHealth(sources);
  expect(asked).toEqual(['http://127.0.0.1:11248/healthz']);
  host.put('/etc/kubernetes/kubelet.conf.d/20-more.conf', 'healthzPort: 0\n');
  expect(await kubeletHealth(sources)).toBeNull();
});

test('an agent that ends is not a kubelet that hangs', async () => {
  const stop = new AbortController();
  const world = aNode({ signal: stop.signal });
  world.kubelet = 'hangs';
  const looking = kubeletHealth(world.sources);
  stop.abort();
  await expect(looking).rejects.toMatchObject({ name: 'AbortError' });
});
