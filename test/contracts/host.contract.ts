// What every Host does alike, the real one and the fake: run against both, so that what steps are
// tested with is what they meet on a machine. Commands that change the host need systemd and are
// tried on real hosts.
import { expect, test } from 'vitest';
import type { Host } from '../../agent/host/host.ts';
import { AppError } from '../../shared/errors.ts';

export interface HostUnderTest {
  readonly host: Host;
  /** An empty directory. */
  readonly root: string;
  /** Commands of the contract, for a host whose programs are a script. */
  readonly teach: (
    command: string,
    reply: { exitCode?: number; stdout?: string; stderr?: string },
  ) => void;
}

export function hostContract(open: () => Promise<HostUnderTest>): void {
  test('answers null for files that are not there, and no names for a directory that is not', async () => {
    const { host, root } = await open();
    expect(await host.readFile(`${root}/none`)).toBeNull();
    expect(await host.stat(`${root}/none`)).toBeNull();
    expect(await host.sha256(`${root}/none`)).toBeNull();
    expect(await host.list(`${root}/none`)).toEqual([]);
  });

  test('writes a file with its mode, makes the directories and replaces it', async () => {
    const { host, root } = await open();
    const path = `${root}/a/b/c.conf`;
    await host.writeFile(path, 'one\n', 0o644);
    expect(await host.readFile(path)).toBe('one\n');
    expect(await host.stat(path)).toMatchObject({ size: 4, mode: 0o644, kind: 'file' });
    await host.writeFile(path, new Uint8Array([116, 119, 111]), 0o600);
    expect(await host.readFile(path)).toBe('two');
    expect((await host.stat(path))?.mode).toBe(0o600);
    expect(await host.list(`${root}/a/b`)).toEqual(['c.conf']);
    expect((await host.stat(`${root}/a`))?.kind).toBe('directory');
  });

  test('lists names in order, without their directories', async () => {
    const { host, root } = await open();
    await host.writeFile(`${root}/d/two`, '', 0o644);
    await host.writeFile(`${root}/d/one`, '', 0o644);
    await host.writeFile(`${root}/d/sub/three`, '', 0o644);
    expect(await host.list(`${root}/d`)).toEqual(['one', 'sub', 'two']);
  });

  test('installs a file under another name and mode and leaves the first where it is', async () => {
    const { host, root } = await open();
    await host.writeFile(`${root}/artifact`, 'binary', 0o600);
    await host.installFile(`${root}/artifact`, `${root}/bin/tool`, 0o755);
    expect(await host.readFile(`${root}/bin/tool`)).toBe('binary');
    expect((await host.stat(`${root}/bin/tool`))?.mode).toBe(0o755);
    expect(await host.readFile(`${root}/artifact`)).toBe('binary');
    const digest = await host.sha256(`${root}/bin/tool`);
    expect(digest).toBe('9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd');
  });

  test('a file installed from another stays as it is when that one is replaced', async () => {
    const { host, root } = await open();
    await host.writeFile(`${root}/artifact`, 'old', 0o600);
    await host.installFile(`${root}/artifact`, `${root}/tool`, 0o755);
    await host.writeFile(`${root}/artifact`, 'new', 0o600);
    expect(await host.readFile(`${root}/tool`)).toBe('old');
  });

  test('says which file is missing that was to be installed', async () => {
    const { host, root } = await open();
    const error = await failure(host.installFile(`${root}/none`, `${root}/tool`, 0o755));
    expect(error).toMatchObject({ code: 'not-found' });
    expect(error.message).toContain(`${root}/none`);
  });

  test('reads a file in pieces', async () => {
    const { host, root } = await open();
    await host.writeFile(`${root}/big`, Buffer.alloc(3_000_000, 'x'), 0o644);
    let bytes = 0;
    for await (const chunk of host.readChunks(`${root}/big`)) bytes += chunk.length;
    expect(bytes).toBe(3_000_000);
    const missing = (async () => {
      for await (const chunk of host.readChunks(`${root}/none`)) bytes += chunk.length;
    })();
    expect(await failure(missing)).toMatchObject({ code: 'not-found' });
  });

  test('writes a file from pieces, whole or not at all', async () => {
    const { host, root } = await open();
    const path = `${root}/sealed/large`;
    async function* pieces(): AsyncIterable<Uint8Array> {
      for (let at = 0; at < 3; at += 1) yield Buffer.alloc(100_000, String(at));
    }
    await host.writeChunks(path, pieces(), 0o600);
    expect(await host.stat(path)).toMatchObject({ size: 300_000, mode: 0o600, kind: 'file' });
    async function* broken(): AsyncIterable<Uint8Array> {
      yield Buffer.from('half');
      throw new Error('the source broke');
    }
    await expect(host.writeChunks(path, broken(), 0o600)).rejects.toThrow('the source broke');
    expect((await host.stat(path))?.size).toBe(300_000);
    expect(await host.list(`${root}/sealed`)).toEqual(['large']);
  });

  test('removes files and whole directories, and what is not there without a word', async () => {
    const { host, root } = await open();
    await host.writeFile(`${root}/x/one`, '1', 0o644);
    await host.writeFile(`${root}/x/y/two`, '2', 0o644);
    await host.remove(`${root}/x/one`);
    expect(await host.list(`${root}/x`)).toEqual(['y']);
    await host.remove(`${root}/x`);
    await host.remove(`${root}/x`);
    expect(await host.stat(`${root}/x`)).toBeNull();
  });

  test('a command that fails is a result', async () => {
    const { host, teach } = await open();
    teach('/bin/sh -c', { exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
    const result = await host.read(['/bin/sh', '-c', 'echo out; echo err >&2; exit 3']);
    expect(result).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  test('a program that is not there is an error that names it', async () => {
    const { host } = await open();
    const error = await failure(host.read(['no-such-program-of-muster']));
    expect(error).toMatchObject({ code: 'not-found' });
    expect(error.message).toContain('no-such-program-of-muster');
  });

  test('a stop ends a command as an abort', async () => {
    const { host, teach } = await open();
    teach('/bin/sleep', {});
    const work = host.read(['/bin/sleep', '5'], { signal: AbortSignal.abort() });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  });
}

async function failure(work: Promise<unknown>): Promise<AppError> {
  const thrown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (thrown instanceof AppError) return thrown;
  throw new Error(`expected an AppError and saw ${String(thrown)}`);
}
