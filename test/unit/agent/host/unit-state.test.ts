import { expect, test } from 'vitest';
import { jobTypeOf, parseProperties, unitStateOf } from '../../../../agent/host/unit-state.ts';

test.each([
  ['never existed', 'LoadState=not-found ActiveState=inactive Result=success', { kind: 'gone' }],
  ['runs', 'LoadState=loaded ActiveState=activating SubState=start', { kind: 'running' }],
  ['is being stopped', 'LoadState=loaded ActiveState=deactivating', { kind: 'running' }],
  [
    'ended well',
    'LoadState=loaded ActiveState=active SubState=exited Result=success ExecMainStatus=0',
    { kind: 'exited', exitCode: 0 },
  ],
  [
    'failed',
    'LoadState=loaded ActiveState=failed SubState=failed Result=exit-code ExecMainStatus=3',
    { kind: 'exited', exitCode: 3 },
  ],
  [
    'was killed',
    'LoadState=loaded ActiveState=failed Result=signal',
    { kind: 'killed', why: 'signal' },
  ],
  [
    'was late',
    'LoadState=loaded ActiveState=failed Result=timeout',
    { kind: 'killed', why: 'timeout' },
  ],
  [
    'was stopped by somebody',
    'LoadState=loaded ActiveState=inactive Result=success',
    { kind: 'gone' },
  ],
  ['is in a state nobody knows', 'LoadState=loaded ActiveState=dreaming', { kind: 'gone' }],
  ['answers nothing', '', { kind: 'gone' }],
])('a unit that %s', (_what, shown, expected) => {
  expect(unitStateOf(parseProperties(shown.replaceAll(' ', '\n')))).toEqual(expected);
});

test('keeps equals signs that are part of a value', () => {
  expect(parseProperties('A=b=c\nD=')).toEqual({ A: 'b=c', D: '' });
});

test('finds the type of a job by its number', () => {
  const text = '  41 etcd.service  start waiting\n 142 kubelet.service stop  running\n';
  expect(jobTypeOf(text, '41')).toBe('start');
  expect(jobTypeOf(text, '142')).toBe('stop');
  expect(jobTypeOf(text, '4')).toBeNull();
  expect(jobTypeOf('No jobs running.\n', '41')).toBeNull();
});
