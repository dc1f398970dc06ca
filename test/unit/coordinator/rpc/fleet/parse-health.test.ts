import { expect, test } from 'vitest';
import {
  HEALTH_LIMIT_BYTES,
  parseHealth,
} from '../../../../../coordinator/rpc/fleet/parse-health.ts';
import {
  aHealthReport,
  aMasterReport,
  anEtcdMember,
  aSeenNode,
  aUnit,
  wrong,
} from '../../../../support/health-reports.ts';

const parse = (report: unknown) => parseHealth(Buffer.from(JSON.stringify(report)));

test.each([
  ['a worker', aHealthReport()],
  ['a master', aMasterReport(1, 3)],
  [
    'a host of which little is known',
    aHealthReport({
      bootId: 'unknown',
      units: 'unknown',
      kubelet: null,
      node: null,
      certificates: 'unknown',
      disks: 'unknown',
      memory: 'unknown',
      clock: 'unknown',
    }),
  ],
])('what an agent says of %s is taken as it is', (_, report) => {
  expect(parse(report)).toEqual(report);
});

test('what is served is taken as it is, and may be missing as in reports of version 0.1', () => {
  const report = { ...aHealthReport(), served: [served] };
  expect(parse(report)).toEqual(report);
  expect(parse(aHealthReport()).served).toBeUndefined();
});

test('what newer agents tell of etcd is taken, within its limits', () => {
  const etcd = anEtcdMember(1, 3);
  const { status } = etcd;
  if (status === 'unknown') throw new Error('a status is expected');
  const tells = (news: object) =>
    parse(aMasterReport(1, 3, { etcd: { ...etcd, status: { ...status, ...news } } }));
  const news = { inUseBytes: 5, raftIndex: 1_000, raftTerm: 2, version: '3.6.12' };
  expect(tells(news).etcd?.status).toMatchObject(news);
  for (const bad of [
    { inUseBytes: -1 },
    { raftIndex: '7' },
    { raftTerm: Number.MAX_VALUE },
    { version: '3.6 \u001b[31m' },
    { version: 'x'.repeat(33) },
  ]) {
    expect(() => tells(bad)).toThrow(/health\.etcd/);
  }
});

test('fields of a later version are left out', () => {
  expect(parse({ ...aHealthReport(), weather: 'fine' })).toEqual(aHealthReport());
});

const huge = 'x'.repeat(10_000);
const many = <T>(count: number, entry: T): readonly T[] =>
  Array.from({ length: count }, () => entry);
const unit = aUnit('kubelet.service');
const served = {
  by: 'etcd-peer',
  subject: 'CN=m1',
  notBeforeMs: 1,
  notAfterMs: 2,
  sha256: 'a'.repeat(64),
};

test.each<[string, unknown, RegExp]>([
  ['another schema', { ...aHealthReport(), schema: 'x' }, /health\.schema/],
  [
    'a digest that is none',
    { ...aHealthReport(), served: [{ ...served, sha256: 'A'.repeat(64) }] },
    /health\.served/,
  ],
  [
    'a process nobody looks at',
    { ...aHealthReport(), served: [{ ...served, by: 'sshd' }] },
    /health\.served/,
  ],
  ['more that is served than there is', { ...aHealthReport(), served: many(5, served) }, /served/],
  ['a missing field', { ...aHealthReport(), units: undefined }, /health\.units/],
  [
    'a unit nobody watches',
    { ...aHealthReport(), units: [{ ...unit, name: 'sshd.service' }] },
    /units/,
  ],
  ['a unit more than there are', { ...aHealthReport(), units: many(5, unit) }, /units/],
  [
    'a state that is a sentence',
    { ...aHealthReport(), units: [{ ...unit, active: 'a b' }] },
    /units/,
  ],
  ['a long message', { ...aHealthReport(), kubelet: wrong(huge) }, /health\.kubelet\.message/],
  [
    'a time that is none',
    { ...aHealthReport(), kubelet: { ok: true, message: '', sinceMs: -1 } },
    /sinceMs/,
  ],
  [
    'a time beyond all dates',
    { ...aHealthReport(), kubelet: { ok: true, message: '', sinceMs: 1e300 } },
    /sinceMs/,
  ],
  [
    'many certificates',
    { ...aHealthReport(), certificates: many(201, { path: '/a', subject: 'b', notAfterMs: 1 }) },
    /certificates/,
  ],
  [
    'many disks',
    { ...aHealthReport(), disks: many(21, { path: '/', totalBytes: 1, freeBytes: 1 }) },
    /disks/,
  ],
  [
    'many conditions',
    { ...aHealthReport(), node: aSeenNode({ pressures: many(21, { type: 'a', sinceMs: 1 }) }) },
    /pressures/,
  ],
  [
    'a member id that is no number',
    {
      ...aMasterReport(1, 1),
      etcd: {
        read: wrong('x'),
        status: 'unknown',
        members: [{ id: 'x;', name: '', peerUrls: [], learner: false }],
      },
    },
    /members/,
  ],
  ['a list', [], /not a JSON object/],
])('%s is refused', (_, report, why) => {
  expect(() => parse(report)).toThrow(why);
});

test('more bytes than any host has to say are refused unread', () => {
  const report = { ...aHealthReport(), padding: 'x'.repeat(HEALTH_LIMIT_BYTES) };
  expect(() => parse(report)).toThrow(/at most 65536/);
  expect(() => parseHealth(Buffer.from('{"schema":'))).toThrow(/not JSON/);
});

test('texts come out as plain lines: nothing of a host steers an operator’s terminal', () => {
  const report = parse({
    ...aHealthReport(),
    kubelet: wrong('a\u001b[31mred\u0007\nnext\u202eline'),
    node: aSeenNode({ ready: 'False', reason: 'x\u001b]0;t\u0007', message: 'm\r\n' }),
  });
  expect(report.kubelet?.message).toBe('ared· next·line');
  expect(report.node).toMatchObject({ reason: expect.not.stringMatching(/\p{Cc}/u), message: 'm' });
});
