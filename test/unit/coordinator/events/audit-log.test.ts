import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkAuditText, openAuditLog } from '../../../../coordinator/events/audit-log.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const clock = manualClock();
let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'muster-audit-')), 'audit.log');
});
afterEach(async () => {
  await rm(join(path, '..'), { recursive: true, force: true });
});

const text = () => readFile(path, 'utf8');
const write = async (count: number): Promise<void> => {
  const log = await openAuditLog(path, clock);
  for (let index = 0; index < count; index += 1)
    await log.append('joined', { name: `w${String(index)}` });
  await log.close();
};

describe('the audit log', () => {
  it('goes on with its chain after a restart', async () => {
    await write(2);
    await write(3);
    const check = checkAuditText(await text());
    if (check.kind === 'broken') throw new Error(check.reason);
    expect(check.lines.map(({ seq, event }) => [seq, event])).toEqual(
      [1, 2, 3, 4, 5].map((seq) => [seq, 'joined']),
    );
  });

  it('has everything on the disk that was acknowledged, in order, however many come at once', async () => {
    const log = await openAuditLog(path, clock);
    const appended = Array.from({ length: 200 }, (_, index) => log.append('operator', { index }));
    await appended[50];
    expect((await text()).split('\n').length).toBeGreaterThan(51);
    await Promise.all(appended);
    const check = checkAuditText(await text());
    if (check.kind === 'broken') throw new Error(check.reason);
    expect(check.lines.map((line) => line['index'])).toEqual(appended.map((_, index) => index));
    await log.close();
  });

  it.each([
    ['changed', (rows: string[]) => rows.with(1, (rows[1] ?? '').replace('w1', 'w7')), 3],
    ['taken out', (rows: string[]) => rows.toSpliced(1, 1), 2],
    ['put in', (rows: string[]) => rows.toSpliced(1, 0, rows[0] ?? ''), 2],
    ['swapped', (rows: string[]) => [rows[1] ?? '', rows[0] ?? '', ...rows.slice(2)], 1],
    ['made unreadable', (rows: string[]) => rows.with(2, 'x'), 3],
  ] as const)('shows that a line was %s', async (_name, tamper, line) => {
    await write(4);
    const rows = (await text()).trimEnd().split('\n');
    const check = checkAuditText(`${tamper(rows).join('\n')}\n`);
    expect(check).toMatchObject({ kind: 'broken', line });
  });

  it('cuts the half line that a power cut left, says so, and goes on', async () => {
    await write(2);
    await appendFile(path, '{"seq":3,"atMs":18000');
    await write(1);
    const check = checkAuditText(await text());
    if (check.kind === 'broken') throw new Error(check.reason);
    expect(check.lines.map(({ event }) => event)).toEqual([
      'joined',
      'joined',
      'torn-tail-cut',
      'joined',
    ]);
  });

  it('opens behind a line of megabytes, as an earlier version wrote them', async () => {
    await write(1);
    const [first = ''] = (await text()).split('\n');
    const planId = 'p'.repeat(3 * 1024 * 1024);
    const prev = createHash('sha256').update(first).digest('hex');
    await appendFile(path, `${JSON.stringify({ seq: 2, atMs: 1, event: 'x', planId, prev })}\n`);
    await write(1);
    expect(checkAuditText(await text())).toMatchObject({ kind: 'whole' });
    expect((await text()).trimEnd().split('\n')).toHaveLength(3);
  });

  it('keeps every line short, whatever others said', async () => {
    const long = 'p'.repeat(2 * 1024 * 1024);
    const log = await openAuditLog(path, clock);
    await log.append('certificate-refused', { planId: long, nodeId: 'n' });
    await log.append('operator', { lists: Array.from({ length: 5_000 }, () => long) });
    await log.append('operator', { a: { b: { c: { d: { e: { f: { g: long } } } } } } });
    await log.append(
      'operator',
      Object.fromEntries(Array.from({ length: 90 }, (_, i) => [i, long])),
    );
    await log.close();
    const lines = (await text()).trimEnd().split('\n');
    expect(lines.map((line) => line.length).filter((length) => length > 33 * 1024)).toEqual([]);
    const check = checkAuditText(await text());
    if (check.kind === 'broken') throw new Error(check.reason);
    expect(check.lines[0]).toMatchObject({
      nodeId: 'n',
      planId: `${'p'.repeat(1024)}… (2097152 characters)`,
    });
    expect(check.lines[3]).toMatchObject({ cutFields: expect.arrayContaining(['89']) });
  });

  it('has a whole chain after an entry that could not be written', async () => {
    let isFull = false;
    const log = await openAuditLog(path, clock, async (name) => {
      const file = await open(name, 'a+');
      return Object.assign(Object.create(file) as typeof file, {
        stat: () => file.stat(),
        read: file.read.bind(file),
        truncate: (bytes: number) => file.truncate(bytes),
        datasync: () => file.datasync(),
        close: () => file.close(),
        // Half of it fits.
        appendFile: async (data: string) => {
          await file.appendFile(isFull ? data.slice(0, 20) : data);
          if (isFull) throw new Error('ENOSPC');
        },
      });
    });
    await log.append('joined', { name: 'w1' });
    isFull = true;
    await expect(log.append('joined', { name: 'w2' })).rejects.toThrow('ENOSPC');
    isFull = false;
    await log.append('joined', { name: 'w3' });
    await log.close();
    const check = checkAuditText(await text());
    if (check.kind === 'broken') throw new Error(check.reason);
    expect(check.lines.map((line) => line['name'])).toEqual(['w1', 'w3']);
  });

  it('does not write behind a last line that is not an entry', async () => {
    await writeFile(path, 'rubbish\n');
    await expect(openAuditLog(path, clock)).rejects.toThrow(/is not an audit entry/);
  });
});
