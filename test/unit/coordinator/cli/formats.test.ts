import { expect, test } from 'vitest';
import { parseDuration } from '../../../../coordinator/cli/duration.ts';
import { formatDocuments } from '../../../../coordinator/cli/output.ts';
import { parseSelector } from '../../../../coordinator/cli/selector.ts';
import { formatTable } from '../../../../coordinator/cli/table.ts';
import type { NodeDocument } from '../../../../coordinator/operator/documents.ts';
import { problemDocument } from '../../../../coordinator/operator/health-documents.ts';

test.each([
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text, '--ttl')).toBe(ms);
});

test.each(['', '10', 'h', '1h 30m', '-5m', '1.5h', '5 minutes'])('%j is no duration', (text) => {
  expect(() => parseDuration(text, '--ttl')).toThrow('--ttl');
});

test('tables are aligned, without trailing blanks, and show nothing as a dash', () => {
  expect(
    formatTable(
      ['NAME', 'A'],
      [
        ['long-name', 1],
        ['x', null],
      ],
    ),
  ).toBe('NAME       A\nlong-name  1\nx          -\n');
});

test.each([
  ['', true],
  ['pool=workers', true],
  ['pool==workers,tier', true],
  ['pool!=workers', false],
  ['!gpu', true],
  ['gpu', false],
  ['gpu!=yes', true],
])('selector %j on {pool: workers, tier: a} is %s', (text, expected) => {
  expect(parseSelector(text)({ pool: 'workers', tier: 'a' })).toBe(expected);
});

const node: NodeDocument = {
  kind: 'Node',
  name: 'w1',
  id: '0a',
  cluster: 'lab',
  pool: 'workers',
  roles: ['worker'],
  labels: {},
  state: 'active',
  phase: 'joining',
  status: 'joining',
  ready: false,
  health: { state: 'healthy', measuredMs: 52_000, problems: [] },
  online: true,
  address: '10.0.0.5',
  architecture: 'x64',
  os: 'Debian 12',
  kernel: '6.1',
  version: null,
  agentVersion: '0.1.0',
  joinedMs: 0,
  lastPollMs: 60_000,
  doing: [],
  plans: [
    {
      planId: 'p1',
      goal: 'join as worker',
      lane: 'host',
      state: 'accepted',
      step: 'join',
      doneSteps: 2,
      steps: 5,
    },
  ],
  waits: [],
  changedSteps: 2,
};
const shown = { kind: 'nodes', now: 61_000, isSingle: false } as const;

test('a node reads as one line: status, address, age and the step it is in', () => {
  expect(formatDocuments([node], { ...shown, format: 'table' })).toBe(
    'NAME  POOL     STATUS   VERSION  ADDRESS   AGE   DOING\nw1    workers  joining  -        10.0.0.5  1m1s  join as worker (2/5): join\n',
  );
  expect(formatDocuments([node], { ...shown, format: 'wide' })).toMatch(/9s ago +1s ago/);
});

test('a host that does not call is told with what it was doing, and never what it does', () => {
  const gone: NodeDocument = { ...node, status: 'away', online: false };
  const table = formatDocuments([gone], { ...shown, format: 'table' });
  expect(table).toContain('away');
  expect(table).toContain('was doing join as worker (2/5): join when last heard');
});

test('what is wrong stands in the row, with since when in the wide one', () => {
  const problem = problemDocument({
    subject: 'w1',
    code: 'kubelet-silent',
    params: { message: 'no answer within 4 s' },
    severity: 'error',
    sinceMs: 31_000,
  });
  const ill: NodeDocument = {
    ...node,
    status: 'not ready',
    plans: [],
    health: { state: 'down', measuredMs: 52_000, problems: [problem] },
  };
  const reason = 'has a kubelet that runs and does not answer (no answer within 4 s)';
  expect(formatDocuments([ill], { ...shown, format: 'table' })).toMatch(/not ready.*has a kubelet/);
  const wide = formatDocuments([ill], { ...shown, format: 'wide' });
  expect(wide).toContain(`${reason}  30s ago  9s ago`);
});

test('scripts get names, and lists or single objects as JSON and YAML', () => {
  expect(formatDocuments([node], { ...shown, format: 'name' })).toBe('node/w1\n');
  expect(JSON.parse(formatDocuments([node], { ...shown, format: 'json' }))).toMatchObject({
    items: [{ name: 'w1' }],
  });
  expect(formatDocuments([node], { ...shown, format: 'yaml', isSingle: true })).toMatch(
    /^kind: Node\nname: w1\n/,
  );
});
