import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkAuditText } from '../../../../coordinator/events/audit-chain.ts';
import { openAuditLog } from '../../../../coordinator/events/audit-log.ts';
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

/** As a full disk does it: half of what is written is there. */
function fillingDisk() {
  const disk = {
    isFull: false,
    isStuck: false,
    open: async (name: string) => {
      const file = await open(name, 'a+');
      return {
        stat: (() => file.stat()) as typeof file.stat,
        read: file.read.bind(file) as typeof file.read,
        datasync: () => file.datasync(),
        close: () => file.close(),
        truncate: async (bytes?: number) => {
          if (disk.isStuck) throw new Error('EIO');
          await file.truncate(bytes);
        },
        appendFile: async (data: string | Uint8Array) => {
          await file.appendFile(disk.isFull ? data.slice(0, 20) : data);
          if (disk.isFull) throw new Error('ENOSPC');
        },
      };
    },
  };
  return disk;
}

async function namesIn(file: string): Promise<readonly unknown[]> {
  const check = checkAuditText(await readFile(file, 'utf8'));
  if (check.kind === 'broken') throw new Error(check.reason);
  return check.lines.map((line) => line['name']);
}

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
    ['swapped', (rows: string[]) => [rows[1] ?? '', rows[0] ?? '', ...rows.slice(2)], 2],
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
    const disk = fillingDisk();
    const log = await openAuditLog(path, clock, { openFile: disk.open });
    await log.append('joined', { name: 'w1' });
    disk.isFull = true;
    await expect(log.append('joined', { name: 'w2' })).rejects.toThrow('ENOSPC');
    disk.isFull = false;
    await log.append('joined', { name: 'w3' });
    await log.close();
    expect(await namesIn(path)).toEqual(['w1', 'w3']);
  });

  it('writes nothing behind half a line that could not be cut off either', async () => {
    const disk = fillingDisk();
    const log = await openAuditLog(path, clock, { openFile: disk.open });
    await log.append('joined', { name: 'w1' });
    disk.isFull = true;
    disk.isStuck = true;
    await expect(log.append('joined', { name: 'w2' })).rejects.toThrow('ENOSPC');
    disk.isFull = false;
    await expect(log.append('joined', { name: 'w3' })).rejects.toThrow('EIO');
    disk.isStuck = false;
    await log.append('joined', { name: 'w4' });
    await log.close();
    expect(await namesIn(path)).toEqual(['w1', 'w4']);
  });

  it('is opened again behind half a line that a full disk and a crash left', async () => {
    const disk = fillingDisk();
    const log = await openAuditLog(path, clock, { openFile: disk.open });
    await log.append('joined', { name: 'w1' });
    disk.isFull = true;
    disk.isStuck = true;
    await expect(log.append('joined', { name: 'w2' })).rejects.toThrow('ENOSPC');
    expect((await text()).endsWith('\n')).toBe(false);
    const again = await openAuditLog(path, clock);
    await again.append('joined', { name: 'w3' });
    await again.close();
    expect(await namesIn(path)).toEqual(['w1', undefined, 'w3']);
  });

  it('is printable ASCII, whatever others said, and lets no field take the place of its own', async () => {
    const log = await openAuditLog(path, clock);
    const hostile = '\u001b]0;x\u0007\u009b31m\u202e\u2028\n\ud800\u{1f600}é';
    await log.append('join-refused', {
      name: hostile,
      seq: 7,
      prev: 'x',
      event: 'joined',
      atMs: 0,
    });
    await log.append('joined', {});
    await log.close();
    expect(await text()).toMatch(/^[ -~\n]*$/);
    const check = checkAuditText(await text());
    if (check.kind === 'broken') throw new Error(check.reason);
    expect(check.lines[0]).toMatchObject({ seq: 1, event: 'join-refused', name: hostile, seq_: 7 });
  });

  it('does not write behind a last line that is not an entry', async () => {
    await writeFile(path, 'rubbish\n');
    await expect(openAuditLog(path, clock)).rejects.toThrow(/is not an audit entry/);
  });
});
