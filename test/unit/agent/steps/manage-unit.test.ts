import { beforeEach, expect, test } from 'vitest';
import { manageUnit } from '../../../../agent/steps/manage-unit.ts';
import type { StepArgs } from '../../../../shared/model/step.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { type FakeContext, fakeContext } from './fake-context.ts';

const path = '/etc/systemd/system/etcd.service';
const args: StepArgs['manage-unit'] = {
  name: 'etcd.service',
  content: '[Service]\nExecStart=/usr/local/bin/etcd\n',
  enabled: true,
  state: 'running',
  restartOn: ['/etc/etcd.conf'],
};

/** A systemd with one unit. */
interface Unit {
  loaded: boolean;
  active: string;
  enablement: string;
  needsReload: boolean;
  startedUs: number;
  /** Type of the job that waits in the queue. */
  queued: string | null;
}

let unit: Unit;
let host: FakeHost;
let context: FakeContext;

beforeEach(() => {
  unit = {
    loaded: false,
    active: 'inactive',
    enablement: '',
    needsReload: false,
    startedUs: 0,
    queued: null,
  };
  host = new FakeHost();
  context = fakeContext(host);
  host.nowMs = context.clock.now();
  const load = (enablement: string): string => {
    unit = { ...unit, loaded: true, needsReload: false, enablement };
    return '';
  };
  const start = (active: string): string => {
    unit = { ...unit, active, startedUs: context.clock.boot() * 1000 };
    return '';
  };
  host
    .answer('systemctl show', () =>
      [
        `LoadState=${unit.loaded ? 'loaded' : 'not-found'}`,
        `ActiveState=${unit.active}`,
        `UnitFileState=${unit.enablement}`,
        `NeedDaemonReload=${unit.needsReload ? 'yes' : 'no'}`,
        `ExecMainStartTimestampMonotonic=${unit.startedUs}`,
        ...(unit.queued === null ? [] : ['Job=41']),
      ].join('\n'),
    )
    .answer('systemctl list-jobs', () =>
      unit.queued === null
        ? ''
        : `  7 other.service start running\n 41 etcd.service ${unit.queued} waiting\n`,
    )
    .answer('systemctl enable --quiet', (argv) => {
      load('enabled');
      if (!argv.includes('--now')) return '';
      return start(argv.includes('--no-block') ? 'activating' : 'active');
    })
    .answer('systemctl disable --quiet', () => load('disabled'))
    .answer('systemctl daemon-reload', () => load(unit.enablement))
    .answer('systemctl start etcd', () => start('active'))
    .answer('systemctl restart etcd', () => start('active'))
    .answer('systemctl start --no-block', () => start('activating'))
    .answer('systemctl stop', () => {
      unit = { ...unit, active: 'inactive' };
      return '';
    })
    .answer('systemctl reset-failed', '');
});

/** Time passes, so that later writes are younger than what ran before. */
async function later(): Promise<void> {
  await context.clock.sleep(60_000);
  host.nowMs = context.clock.now();
}

async function run(wanted = args): Promise<readonly string[]> {
  const from = host.changes.length;
  const result = await manageUnit.check(wanted, context);
  if (result.kind === 'needed') await manageUnit.apply(wanted, context);
  expect(await manageUnit.check(wanted, context)).toMatchObject({ kind: 'satisfied' });
  return host.changes.slice(from).map((line) => line.replace(/^change \S+: systemctl /, ''));
}

test('lays a unit down, enables and starts it, and then has nothing to do', async () => {
  expect(await run()).toEqual([`write ${path} 0644`, 'enable --quiet --now etcd.service']);
  expect(await run()).toEqual([]);
});

test('does not wait for a unit that is only to be started', async () => {
  expect(await run({ ...args, state: 'starting' })).toContain(
    'enable --quiet --now --no-block etcd.service',
  );
  unit.active = 'active';
  expect(await run({ ...args, state: 'starting' })).toEqual([]);
});

test('leaves a unit as it is whose state is not asked for', async () => {
  expect(await run({ ...args, state: 'any' })).toEqual([
    `write ${path} 0644`,
    'enable --quiet etcd.service',
  ]);
});

test('starts a unit again whose own file changed', async () => {
  await run();
  await later();
  unit.needsReload = true;
  const content = `${args.content}Restart=always\n`;
  expect(await run({ ...args, content })).toEqual([
    `write ${path} 0644`,
    'daemon-reload',
    'restart etcd.service',
  ]);
});

test('starts a unit again when a file of restartOn is younger than its process', async () => {
  await run();
  await later();
  host.put('/etc/etcd.conf', 'x');
  const result = await manageUnit.check(args, context);
  expect(result).toMatchObject({ why: /runs with older files/ });
  expect(await run()).toEqual(['restart etcd.service']);
});

test('stops a unit and takes it from the boot', async () => {
  await run();
  expect(await run({ ...args, enabled: false, state: 'stopped' })).toEqual([
    'disable --quiet etcd.service',
    'stop etcd.service',
  ]);
});

test('clears a failed unit before it starts it', async () => {
  await run();
  unit.active = 'failed';
  expect(await run()).toEqual(['reset-failed etcd.service', 'start etcd.service']);
});

test('shows the end of the journal when a unit does not start', async () => {
  host
    .answer('systemctl enable', { exitCode: 1, stderr: 'see journalctl' })
    .answer(
      'journalctl',
      'starting\nlisten tcp :2380: address already in use\netcd.service: Main process exited, code=exited\nFailed to start etcd.service - etcd.\n',
    );
  await expect(manageUnit.apply(args, context)).rejects.toMatchObject({
    code: 'exec-failed',
    message: /etcd\.service did not start: listen tcp :2380: address already in use/,
    details: { outputTail: expect.stringContaining('starting') },
  });
});

/** As on a busy host: the job is in the queue and nothing of it has begun when systemctl comes back. */
function queueInsteadOfStarting(): void {
  const queue = (type: string): string => {
    unit = { ...unit, loaded: true, enablement: 'enabled', queued: type };
    return '';
  };
  host
    .answer(/^systemctl (enable|start) .*--no-block/, () => queue('start'))
    .answer(/^systemctl restart --no-block/, () => queue('restart'));
}

test('a start that is still in the queue counts as starting', async () => {
  queueInsteadOfStarting();
  await run({ ...args, state: 'starting' });
  expect(unit).toMatchObject({ active: 'inactive', queued: 'start' });
  expect(await run({ ...args, state: 'starting' })).toEqual([]);
});

test('a start in the queue is not held against the age of an earlier process', async () => {
  await run();
  await later();
  unit.active = 'inactive';
  host.put('/etc/etcd.conf', 'x');
  queueInsteadOfStarting();
  expect(await run({ ...args, state: 'starting' })).toEqual(['start --no-block etcd.service']);
});

test('a restart in the queue counts as one that was done', async () => {
  await run();
  await later();
  host.put('/etc/etcd.conf', 'x');
  queueInsteadOfStarting();
  expect(await run({ ...args, state: 'starting' })).toEqual(['restart --no-block etcd.service']);
});

test.each([
  ['nothing is queued', null],
  ['only a stop is queued', 'stop'],
])('a unit that is down is not starting when %s', async (_what, queued) => {
  await run({ ...args, state: 'starting' });
  unit = { ...unit, active: 'inactive', queued };
  expect(await manageUnit.check({ ...args, state: 'starting' }, context)).toMatchObject({
    kind: 'needed',
    why: 'etcd.service is inactive',
  });
});

test('a queued start is not yet a unit that runs, and not one that is stopped', async () => {
  await run();
  unit = { ...unit, active: 'inactive', queued: 'start' };
  expect(await manageUnit.check(args, context)).toMatchObject({ why: 'etcd.service is inactive' });
  expect(await manageUnit.check({ ...args, state: 'stopped' }, context)).toMatchObject({
    kind: 'needed',
  });
});

test('a job that ends between two questions is looked for again', async () => {
  await run({ ...args, state: 'starting' });
  unit = { ...unit, active: 'inactive', queued: 'start' };
  host.answer('systemctl list-jobs', () => {
    unit = { ...unit, active: 'active', queued: null };
    return '';
  });
  expect(await run({ ...args, state: 'starting' })).toEqual([]);
});
