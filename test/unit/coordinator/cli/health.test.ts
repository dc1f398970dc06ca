// What an operator types about the health of a cluster, what is printed, and the exit code.
import { beforeEach, describe, expect, test } from 'vitest';
import { aHealthReport, aMasterReport, units, wrong } from '../../../support/health-reports.ts';
import { type InstalledWorld, installedWorld } from '../operator/installed-world.ts';
import { serveWorld } from './health-world.ts';

let installed: InstalledWorld;
beforeEach(async () => {
  installed = await installedWorld();
});

const hangs = aHealthReport({ kubelet: wrong('no answer within 4 s') });
const healthyNow = ['wait', '--for', 'healthy', '--timeout', '0'] as const;

describe('wait --for healthy', () => {
  test('is met at once by a cluster on which everything is right', async () => {
    await using served = await serveWorld(installed.world);
    const ran = await served.run(...healthyNow);
    expect(ran).toEqual({
      code: 0,
      out: '',
      err: 'cluster lab: healthy, 3 of 3 hosts measured\n',
    });
  });

  test('looks once with a timeout of 0, says what is wrong and ends with 124', async () => {
    installed.measure('w1', hangs);
    await using served = await serveWorld(installed.world);
    const { code, err } = await served.run(...healthyNow);
    expect(code).toBe(124);
    expect(err).toContain('cluster lab: degraded, 3 of 3 hosts measured\n');
    expect(err).toContain('w1 has a kubelet that runs and does not answer (no answer within 4 s)');
    expect(err).toContain('error: not healthy: cluster lab: degraded');
  });

  test('ends when what was wrong is over', async () => {
    installed.measure('w1', hangs);
    const { handlers } = installed.world;
    const Get: typeof handlers.Get = async (request, context) => {
      const reply = await handlers.Get(request, context);
      installed.measure('w1', aHealthReport());
      return reply;
    };
    await using served = await serveWorld({ handlers: { ...handlers, Get } });
    const { code, err } = await served.run('wait', '--for', 'healthy', '--timeout', '30s');
    expect(code).toBe(0);
    expect(err).toMatch(/degraded[\s\S]*healthy, 3 of 3/);
  });

  test('is not met by what was not measured', async () => {
    installed.world.clock.advance(56_000);
    await using served = await serveWorld(installed.world);
    const { code, err } = await served.run(...healthyNow);
    expect(code).toBe(124);
    expect(err).toContain('cluster lab: unknown, 0 of 3 hosts measured');
  });

  test('is not met in the middle of an install, however healthy that is', async () => {
    installed.uninstall('w1');
    await using served = await serveWorld(installed.world);
    const { code, err } = await served.run(...healthyNow);
    expect(code).toBe(124);
    expect(err).toContain('cluster lab: installing, healthy');
  });
});

test('wait --for ready is about the install, and ready=N about what is Ready now', async () => {
  installed.measure('w1', hangs);
  await using served = await serveWorld(installed.world);
  expect((await served.run('wait', '--for', 'ready', '--timeout', '0')).code).toBe(0);
  const ran = await served.run('wait', '--for', 'ready=3', '--timeout', '0');
  expect(ran).toMatchObject({ code: 124, err: expect.stringContaining('2 of 3 nodes ready') });
});

describe('explain', () => {
  test('says that everything is as it should be only as it was measured, and how long ago', async () => {
    await using served = await serveWorld(installed.world);
    expect((await served.run('explain')).out).toBe(
      'everything is as it should be, as measured at most 5s ago: nothing waits\n',
    );
    expect((await served.run('explain', 'w1')).out).toMatch(
      /^w1 is as it should be, as measured at most \d+s ago/,
    );
  });

  test('says what is wrong, since when, what it means and what to do', async () => {
    const { world } = installed;
    const sinceMs = Date.now() - 90_000;
    const stopped = { active: 'failed', sub: 'failed', result: 'signal', sinceMs } as const;
    installed.measure('w1', aHealthReport({ units: units({ 'kubelet.service': stopped }) }));
    await using served = await serveWorld(world);
    expect((await served.run('explain')).out).toBe(
      'w1 does not run kubelet.service (failed (signal)); nothing is started, stopped or probed there; Kubernetes moves its pods to other nodes after five minutes\n' +
        '  since 1m30s; ends when it runs again (on w1: `journalctl -u kubelet.service`, `systemctl start kubelet.service`)\n',
    );
  });

  test('never says that everything is as it should be of hosts that nobody measured', async () => {
    installed.world.measured.clear();
    await using served = await serveWorld(installed.world);
    const { out } = await served.run('explain');
    expect(out).not.toContain('as it should be');
    expect(out).toContain('w1 was not measured');
  });
});

test('describe tells the quorum of a cluster and when a host was measured', async () => {
  const etcd = {
    read: wrong('connect ECONNREFUSED'),
    status: 'unknown',
    members: 'unknown',
  } as const;
  installed.measure('m1', aMasterReport(1, 1, { etcd }));
  await using served = await serveWorld(installed.world);
  const cluster = (await served.run('describe', 'cluster', 'lab')).out;
  expect(cluster).toMatch(/Health: +down\n/);
  expect(cluster).toMatch(/Quorum: +0 of 1 etcd members \(without m1\), 1 needed\n/);
  expect(cluster).toContain('lab has 0 of 1 etcd members (without m1), and needs 1');
  const node = (await served.run('describe', 'node', 'm1')).out;
  expect(node).toMatch(/Status: +degraded\n/);
  expect(node).toMatch(/Health:\n {2}m1 has an etcd member that answers no read/);
});

test('get clusters and get nodes -o wide have health as columns', async () => {
  installed.measure('w1', hangs);
  await using served = await serveWorld(installed.world);
  expect((await served.run('get', 'clusters')).out).toMatch(
    /HEALTH +READY +ETCD[\s\S]*degraded +2\/3 +1\/1/,
  );
  expect((await served.run('get', 'nodes', '-o', 'wide')).out).toMatch(/REASON +SINCE +MEASURED/);
});
