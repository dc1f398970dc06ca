import { expect, test } from 'vitest';
import { clockSync, parseSynchronized } from '../../../../agent/facts/clock-sync.ts';
import { attempt } from '../../../../agent/facts/probe.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

const container = { '/run/systemd/container': 'lxc' };
const chrony = { '/run/chrony/chronyd.pid': '7' };
const timesync = { '/run/systemd/timesync/synchronized': '' };

test.each([
  [
    'timesyncd that has synchronized',
    timesync,
    null,
    { synchronized: true, service: 'systemd-timesyncd' },
  ],
  [
    'timesyncd that has not yet',
    { '/run/systemd/timesync/x': '' },
    'no',
    { synchronized: false, service: 'systemd-timesyncd' },
  ],
  ['chrony', chrony, 'yes', { synchronized: true, service: 'chrony' }],
  [
    'chrony in a container',
    { ...chrony, ...container },
    'no',
    { synchronized: false, service: 'chrony' },
  ],
  ['no service', {}, 'no', { synchronized: false, service: null }],
  ['no service that we know, and a right clock', {}, 'yes', { synchronized: true, service: null }],
  ['no service in a container', container, 'no', 'unknown'],
  ['no timedatectl', chrony, null, 'unknown'],
])('judges %s', async (_, files, says, expected) => {
  const sources = fakeSources(files as Record<string, string>);
  sources.host.answer('systemd-detect-virt', 'kvm\n');
  if (says !== null) sources.host.answer('timedatectl show', `NTPSynchronized=${says}\n`);
  expect(await attempt(sources, 'clock', clockSync)).toEqual(expected);
});

test('without any way to see virtualization it asks timedatectl all the same', async () => {
  const sources = fakeSources();
  sources.host.answer('timedatectl', 'NTPSynchronized=no');
  expect(await clockSync(sources)).toEqual({ synchronized: false, service: null });
});

test.each(['', 'NTPSynchronized=', 'NTP=yes', 'NTPSynchronized=maybe'])(
  '%j says nothing',
  (text) => {
    expect(parseSynchronized(text)).toBeNull();
  },
);
