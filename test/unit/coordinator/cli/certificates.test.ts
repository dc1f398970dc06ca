// `coordinator certificates`: what is printed where, and with which exit code.
import { expect, test } from 'vitest';
import { aMasterReport } from '../../../support/health-reports.ts';
import { installedWorld } from '../operator/installed-world.ts';
import { cli } from './cli-world.ts';
import { serveWorld } from './health-world.ts';

const dayMs = 24 * 3_600_000;

async function withMaster(days: number) {
  const installed = await installedWorld();
  const { clock } = installed.world;
  const file = {
    path: '/etc/kubernetes/pki/apiserver.crt',
    subject: 'CN=kube-apiserver',
    notBeforeMs: clock.now() - 300 * dayMs,
    notAfterMs: clock.now() + days * dayMs,
    sha256: 'a'.repeat(64),
  };
  const { path: _, ...certificate } = file;
  const served = [{ ...certificate, by: 'kube-apiserver' as const }];
  installed.measure('m1', aMasterReport(1, 1, { certificates: [file], served }));
  return await serveWorld(installed.world);
}

test('check ends with 0 while every certificate has more than thirty days left', async () => {
  await using served = await withMaster(31);
  const { code, out } = await served.run('certificates', 'check', 'm1');
  expect(code).toBe(0);
  expect(out).toMatch(/^NODE +CERTIFICATE +ENDS +LEFT +SERVED +RENEWED\n/);
  expect(out).toMatch(
    /m1 +\/etc\/kubernetes\/pki\/apiserver\.crt +\d{4}-\d\d-\d\d +31 d +by kube-apiserver +by Muster/,
  );
});

test('check ends with 1 when one ends within thirty days, or has ended', async () => {
  for (const days of [29, -1]) {
    await using served = await withMaster(days);
    const { code, err } = await served.run('certificates', 'check');
    expect(code).toBe(1);
    expect(err).toContain('one has ended, or ends within 30 days');
  }
});

test('check knows the hosts there are', async () => {
  await using served = await withMaster(300);
  const { code, err } = await served.run('certificates', 'check', 'm9');
  expect(code).toBe(4);
  expect(err).toContain('nothing is known of m9; there are: ');
});

test('renew wants to know whose', async () => {
  const { code, err } = await cli(['certificates', 'renew']);
  expect(code).toBe(2);
  expect(err).toContain('say whose: the name of a master, or --all');
  expect((await cli(['certificates', 'renew', 'm1', '--all'])).code).toBe(2);
});

test('check says in its help what its exit code means', async () => {
  const { out } = await cli(['certificates', 'check', '--help']);
  expect(out.replaceAll(/\s+/g, ' ')).toContain(
    'exit code 1 when one has ended or ends within 30 days',
  );
});
