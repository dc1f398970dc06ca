import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunCommand } from '../../../../agent/host/exec.ts';
import type { CommandResult } from '../../../../agent/host/host.ts';
import {
  belongsTo,
  createTransientUnits,
  type TransientUnits,
} from '../../../../agent/host/transient-unit.ts';
import { AppError } from '../../../../shared/errors.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { jumpingClock } from '../steps/fake-context.ts';

const running = 'LoadState=loaded\nActiveState=activating\nSubState=start\n';
const ended = (code: number): string =>
  code === 0
    ? 'LoadState=loaded\nActiveState=active\nSubState=exited\nExecMainStatus=0\n'
    : `LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainStatus=${code}\n`;

let directory: string;
let lines: string[];
/** What `systemctl show` answers, one after another; the last one stays. */
let states: string[];
let start: (argv: readonly string[]) => Promise<Partial<CommandResult>>;
let units: TransientUnits;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muster-units-'));
  lines = [];
  states = ['LoadState=not-found\nActiveState=inactive\n'];
  start = async () => ({ exitCode: 0 });
  const run: RunCommand = async (argv) => {
    const line = argv.join(' ');
    lines.push(line.replaceAll(directory, 'DIR'));
    const given = line.startsWith('systemd-run') ? await start(argv) : {};
    const shown = line.startsWith('systemctl show') ? states[0] : '';
    if (line.startsWith('systemctl show') && states.length > 1) states.shift();
    return { exitCode: 0, stdout: shown ?? '', stderr: '', ...given };
  };
  units = createTransientUnits({ run, clock: jumpingClock(), log: silentLogger, directory });
});

afterEach(async () => await rm(directory, { recursive: true }));

const options = { unit: 'muster-p1-a-1', timeoutMs: 5000 };

test('runs a command in a unit of its own and reads what it printed', async () => {
  start = async () => {
    await writeFile(join(directory, 'muster-p1-a-1.out'), 'hello\n');
    return { exitCode: 0 };
  };
  const result = await units.change(['kubeadm', 'init', 'phase'], { ...options, env: { A: 'b' } });
  expect(result).toEqual({ exitCode: 0, stdout: 'hello\n', stderr: '' });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(
    /^systemd-run --quiet --unit=muster-p1-a-1 --service-type=oneshot --property=RemainAfterExit=yes /,
  );
  expect(lines[0]).toContain('--property=TimeoutStartSec=5000ms');
  expect(lines[0]).toContain('--property=StandardOutput=file:DIR/muster-p1-a-1.out');
  expect(lines[0]).toMatch(
    /--setenv=PATH=\/usr\/local\/sbin.* --setenv=A=b -- kubeadm init phase$/,
  );
});

test('a secret goes through a private file, is in no argv and is gone afterwards', async () => {
  let seen = '';
  let mode = 0;
  start = async (argv) => {
    const path = argv.find((word) => word.includes('StandardInput'))?.split('file:')[1] ?? '';
    seen = await readFile(path, 'utf8');
    mode = (await stat(path)).mode & 0o777;
    return { exitCode: 0 };
  };
  await units.change(['kubectl', 'apply', '-f', '-'], { ...options, stdin: 'top secret' });
  expect(seen).toBe('top secret');
  expect(mode).toBe(0o600);
  expect(lines.join()).not.toContain('top secret');
  expect(await readdir(directory)).toEqual(['muster-p1-a-1.out']);
});

test('a command that fails is an error with its end', async () => {
  start = async () => {
    await writeFile(join(directory, 'muster-p1-a-1.err'), 'one\nconnection refused\n');
    return { exitCode: 1, stderr: 'Job failed.' };
  };
  states = [ended(3)];
  await expect(units.change(['kubeadm', 'join'], options)).rejects.toMatchObject({
    code: 'exec-failed',
    message: '`kubeadm join` ended with exit code 3: connection refused',
    details: { command: 'kubeadm join', outputTail: 'one\nconnection refused', exitCode: 3 },
  });
});

test('a unit that is there already is waited for and never started again', async () => {
  start = async () => {
    await writeFile(join(directory, 'muster-p1-a-1.out'), 'from before\n');
    return {
      exitCode: 1,
      stderr: 'Failed to start transient service unit: Unit was already loaded',
    };
  };
  states = [running, running, ended(0)];
  const result = await units.change(['kubeadm', 'init'], options);
  expect(result.stdout).toBe('from before\n');
  expect(lines.filter((line) => !line.startsWith('systemctl show'))).toHaveLength(1);
});

test('a unit that is gone is an unknown outcome and no success', async () => {
  start = async () => ({ exitCode: 1, stderr: 'Job for muster-p1-a-1.service canceled.' });
  await expect(units.change(['kubeadm', 'init'], options)).rejects.toMatchObject({
    code: 'outcome-unknown',
  });
});

test('a program that is not there is named', async () => {
  start = async () => ({ exitCode: 1, stderr: 'Failed to find executable kubeadm: No such file' });
  await expect(units.change(['kubeadm', 'init'], options)).rejects.toMatchObject({
    code: 'exec-failed',
    message: /was not started: Failed to find executable kubeadm/,
  });
});

test('a command that is late is ended by systemd and called late', async () => {
  start = async () => ({ exitCode: 1, stderr: 'Job failed' });
  states = ['LoadState=loaded\nActiveState=failed\nResult=timeout\n'];
  await expect(units.change(['kubeadm', 'init'], options)).rejects.toMatchObject({
    code: 'timeout',
    message: '`kubeadm init` did not end within 5000 ms and was stopped',
  });
});

test('a unit that systemd does not end in time is stopped with its control group', async () => {
  start = async () => {
    throw new AppError('timeout', 'systemd-run did not end');
  };
  await expect(units.change(['kubeadm', 'init'], options)).rejects.toMatchObject({
    code: 'timeout',
  });
  expect(lines.at(-1)).toBe('systemctl stop muster-p1-a-1.service');
});

test('a stop stops the unit and is an abort', async () => {
  const stop = new AbortController();
  let stops = 0;
  start = async () => {
    stop.abort();
    // The first stop comes before systemd knows the unit.
    while (stops < 2) {
      await new Promise((resolve) => setImmediate(resolve));
      stops = lines.filter((line) => line === 'systemctl stop muster-p1-a-1.service').length;
    }
    return { exitCode: 1 };
  };
  const work = units.change(['kubeadm', 'init'], { ...options, signal: stop.signal });
  await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  expect(stops).toBeGreaterThanOrEqual(2);
});

test('refuses a name that is no unit’s', async () => {
  const work = units.change(['true'], { ...options, unit: '../../etc/passwd' });
  await expect(work).rejects.toMatchObject({ code: 'internal' });
  expect(lines).toEqual([]);
});

test('forgets the units of one attempt and of no other', async () => {
  for (const unit of ['muster-p1-a-1', 'muster-p1-a-1_2', 'muster-p1-a-10', 'muster-p1-a-1-1']) {
    await units.change(['true'], { ...options, unit });
  }
  lines = [];
  await units.forgetUnits(['muster-p1-a-1']);
  expect(lines).toEqual(['systemctl stop muster-p1-a-1.service muster-p1-a-1_2.service']);
  expect(await readdir(directory)).toEqual(['muster-p1-a-1-1.out', 'muster-p1-a-10.out']);
  await units.forgetUnits(['muster-p1-a-1']);
  expect(lines).toHaveLength(1);
});

test('resets what failed, and what an earlier agent left', async () => {
  await writeFile(join(directory, 'muster-p1-b-1.out'), '');
  await units.forgetUnits(['muster-p1-b-1']);
  expect(lines).toEqual([
    'systemctl stop muster-p1-b-1.service',
    'systemctl reset-failed muster-p1-b-1.service',
  ]);
});

test.each([
  ['muster-p1-a-1.out', true],
  ['muster-p1-a-1_12.err', true],
  ['muster-p1-a-10.out', false],
  ['muster-p1-a-1-1.out', false],
  ['muster-p1-a.out', false],
])('the file %s belongs to muster-p1-a-1: %s', (file, expected) => {
  expect(belongsTo(file, 'muster-p1-a-1')).toBe(expected);
});
