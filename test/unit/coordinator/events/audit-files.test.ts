// A log of several files, and what is seen when some of it is gone.
import { generateKeyPairSync } from 'node:crypto';
import { appendFile, cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fullFiles, headFile, readAuditFiles } from '../../../../coordinator/events/audit-files.ts';
import { auditHeadFile, readHead } from '../../../../coordinator/events/audit-head.ts';
import { type AuditOptions, openAuditLog } from '../../../../coordinator/events/audit-log.ts';
import { publicKeyText } from '../../../../shared/signature.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const clock = manualClock();
const { privateKey } = generateKeyPairSync('ed25519');
const small = { fileBytes: 400, keptFiles: 3 };
let path = '';
beforeEach(async () => {
  path = join(await temporaryDirectory(), 'audit.log');
});

const remembered = (): AuditOptions => ({ head: auditHeadFile(headFile(path), privateKey) });

async function write(count: number, options: AuditOptions = {}): Promise<void> {
  const log = await openAuditLog(path, clock, options);
  for (let index = 0; index < count; index += 1) await log.append('joined', { name: `w${index}` });
  await log.close();
}

async function verify() {
  const head = await readHead(headFile(path), [publicKeyText(privateKey)]);
  const heads = head.kind === 'read' ? [head.head] : [];
  return (await readAuditFiles([...(await fullFiles(path)), path], { heads })).check;
}

describe('an audit log of several files', () => {
  it('is one chain over all of them, and over restarts', async () => {
    await write(10, { fileBytes: 400 });
    await write(10, { fileBytes: 400 });
    expect((await fullFiles(path)).length).toBeGreaterThan(5);
    expect(await verify()).toMatchObject({ kind: 'whole', lines: 20, end: { seq: 20 } });
  });

  it('goes on where the full file ends when it was stopped before the next one was begun', async () => {
    await write(5);
    const { end } = (await verify()) as { end: { seq: number } };
    await cp(path, join(path, '..', `audit-${String(end.seq).padStart(12, '0')}.log`));
    await rm(path);
    await write(2);
    expect(await verify()).toMatchObject({ kind: 'whole', lines: 7 });
    expect(await fullFiles(path)).toHaveLength(1);
  });

  it('drops the oldest files when there are too many, and says so in the chain', async () => {
    await write(40, small);
    expect((await fullFiles(path)).length).toBeLessThanOrEqual(4);
    const check = await verify();
    if (check.kind === 'broken') throw new Error(check.reason);
    expect(check.droppedThrough).toBeGreaterThan(5);
    expect(check.first?.seq).toBe(check.droppedThrough + 1);
  });

  it('is broken when an oldest file is gone and no line says that it was dropped', async () => {
    await write(10, { fileBytes: 400 });
    await rm((await fullFiles(path))[0] ?? '');
    expect(await verify()).toMatchObject({
      kind: 'broken',
      line: 1,
      reason: expect.stringContaining('no line says that they were dropped'),
    });
  });

  it('is broken when a file in the middle is gone', async () => {
    await write(10, { fileBytes: 400 });
    await rm((await fullFiles(path))[2] ?? '');
    expect(await verify()).toMatchObject({
      kind: 'broken',
      reason: expect.stringContaining('before it'),
    });
  });

  it('shows a half line at its end without calling the chain broken', async () => {
    await write(3);
    await appendFile(path, '{"seq":4,');
    const read = await readAuditFiles([path]);
    expect([read.check.kind, read.unfinishedBytes]).toEqual(['whole', 9]);
  });
});

describe('the head that is remembered', () => {
  it('shows that the end was cut off, to whoever looks and at the next start', async () => {
    await write(6, remembered());
    const rows = (await readFile(path, 'utf8')).split('\n');
    await truncate(path, Buffer.byteLength(`${rows.slice(0, 4).join('\n')}\n`));
    expect(await verify()).toMatchObject({
      kind: 'broken',
      reason: 'the end of the log is missing',
      expected: 'seq 6, which was remembered',
      found: 'seq 4 at the end',
    });
    const told: object[] = [];
    await write(1, { ...remembered(), onMissing: (fields) => told.push(fields) });
    expect(told).toMatchObject([{ remembered: 6, found: 4 }]);
    const check = await verify();
    expect(check).toMatchObject({ kind: 'whole', notes: [{ event: 'tail-missing' }] });
  });

  it('shows that the whole log was written anew', async () => {
    await write(6, remembered());
    await rm(path);
    const log = await openAuditLog(path, clock);
    for (let index = 0; index < 9; index += 1) await log.append('joined', { name: 'other' });
    await log.close();
    expect(await verify()).toMatchObject({
      kind: 'broken',
      line: 6,
      reason: 'it is not the line that was remembered',
    });
  });

  it('says nothing of lines that were written after it: a crash is no cut', async () => {
    await write(6, remembered());
    const head = await readFile(headFile(path));
    await write(3);
    await writeFile(headFile(path), head);
    const told: object[] = [];
    await write(1, { ...remembered(), onMissing: (fields) => told.push(fields) });
    expect(told).toEqual([]);
    expect(await verify()).toMatchObject({ kind: 'whole', lines: 10, notes: [] });
  });

  it('is signed, and not by who changed it', async () => {
    await write(2, remembered());
    const keys = [publicKeyText(privateKey)];
    expect(await readHead(headFile(path), keys)).toMatchObject({ kind: 'read', isSigned: true });
    const document = JSON.parse(await readFile(headFile(path), 'utf8')) as object;
    const payload = Buffer.from(JSON.stringify({ seq: 1, digest: 'a'.repeat(64) })).toString(
      'base64',
    );
    await writeFile(headFile(path), JSON.stringify({ ...document, payload }));
    expect(await readHead(headFile(path), keys)).toMatchObject({ kind: 'read', isSigned: false });
    await writeFile(headFile(path), 'rubbish');
    expect(await readHead(headFile(path), keys)).toEqual({ kind: 'unreadable' });
  });

  it('is written within seconds of an entry, without another one', async () => {
    const log = await openAuditLog(path, clock, remembered());
    await log.append('joined', {});
    await expect
      .poll(async () => {
        clock.advance(6_000);
        return (await readHead(headFile(path), [])).kind;
      })
      .toBe('read');
    await log.close();
  });
});
