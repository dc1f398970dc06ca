// A member's file on its way to a real coordinator: the agent's own uploader over TLS with the node's
// certificate, and callers who may send nothing.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createUploader } from '../../../../agent/uploads/uploader.ts';
import { dataPaths } from '../../../../coordinator/keys/paths.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { asPlanId, asStepId } from '../../../../shared/model/ids.ts';
import type { Step } from '../../../../shared/model/step.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { closed } from '../../../support/hostile-caller.ts';
import { acceptedRecord, finishedRecord } from '../../../support/journal-records.ts';
import { aDraft, issuesOnce } from '../../../support/plan-builders.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import type { TestNode } from '../../../support/test-node.ts';

let coordinator: TestCoordinator;
afterEach(async () => {
  await coordinator.stop();
});

const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');

const uploadStep: Step = {
  id: asStepId('copy'),
  kind: 'upload-snapshot',
  args: { id: 'first', path: '/x', sha256, bytes: content.length },
  effect: 'change',
  timeoutSeconds: 60,
  onStop: 'interrupt',
  beginWithinSeconds: null,
};

async function masterWithPlan() {
  coordinator = await startTestCoordinator({
    decide: issuesOnce((node) =>
      aDraft(node, { stages: [{ title: 'copy', steps: [uploadStep] }] }),
    ),
  });
  const token = await coordinator.token({ pool: 'control-plane', uses: 3 });
  const node = await coordinator.join({ token, name: 'm1', number: 1 });
  const { plans } = await node.poll({ holdMs: 20_000 });
  const planId = asPlanId(plans[0]?.planId ?? '');
  await node.report(0, [acceptedRecord(planId)]);
  const directory = await temporaryDirectory();
  const path = join(directory, 'first.db.sealed');
  await writeFile(path, content);
  const target = `/snapshots/${planId}/copy`;
  const stored = join(dataPaths(coordinator.dataDir).snapshots, 'lab', 'first.sealed');
  return { node, planId, path, target, stored, token };
}

const keyPem = ({ keys: { key } }: TestNode): string =>
  key.export({ format: 'pem', type: 'pkcs8' }).toString();

function uploaderOf(node: TestNode, pieceBytes = 100_000) {
  return createUploader({
    coordinators: [`https://127.0.0.1:${coordinator.httpsPort}`],
    identity: {
      caPem: coordinator.caPem,
      chainPem: node.chainPem,
      nodeKey: { pem: keyPem(node) },
    },
    clock: systemClock,
    random: () => 0,
    pieceBytes,
  });
}

const quietly = { signal: new AbortController().signal, progress: () => {} };

interface Asking {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Null: without a certificate. */
  readonly as: TestNode | null;
}

function ask({ method = 'PUT', path, headers = {}, body, as }: Asking) {
  const own = as === null ? {} : { cert: as.chainPem, key: keyPem(as) };
  const agent = new Agent({ ca: coordinator.caPem, ...own });
  const options = { host: '127.0.0.1', port: coordinator.httpsPort, method, path, headers, agent };
  return new Promise<{ status: number; offset: string | undefined; text: string }>(
    (resolve, reject) => {
      const sent = httpsRequest(options, (answer) => {
        let text = '';
        answer.on('data', (piece: Buffer) => {
          text += piece.toString();
        });
        answer.on('end', () => {
          const offset = answer.headers['upload-offset'];
          resolve({ status: answer.statusCode ?? 0, offset: offset?.toString(), text });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    },
  ).finally(() => agent.destroy());
}

const rangeOf = (start: number, bytes: number, size = content.length) => ({
  'content-range': `bytes ${start}-${start + bytes - 1}/${size}`,
});

describe('a file that a running plan names', () => {
  it('arrives in pieces and lies in the coordinator’s folder, and the audit log says so', async () => {
    const { node, planId, path, stored } = await masterWithPlan();
    const file = { planId, stepId: 'copy', path, sha256, bytes: content.length };
    await uploaderOf(node)(file, quietly);
    expect((await readFile(stored)).equals(content)).toBe(true);
    const line = (await coordinator.audit()).find(({ event }) => event === 'snapshot-stored');
    expect(line).toMatchObject({ nodeId: node.nodeId, snapshot: 'first', sha256 });
    // Once more is no more than asking.
    await uploaderOf(node)(file, quietly);
  });

  it('goes on where it was, also with a coordinator that was started again', async () => {
    const { node, planId, path, target, stored } = await masterWithPlan();
    const half = content.subarray(0, 123_456);
    const first = await ask({
      path: target,
      as: node,
      headers: rangeOf(0, half.length),
      body: half,
    });
    expect(first).toMatchObject({ status: 200, offset: '123456' });
    await coordinator.restart();
    const seen = await ask({ method: 'HEAD', path: target, as: node });
    expect(seen).toMatchObject({ status: 200, offset: '123456' });
    await uploaderOf(node)(
      { planId, stepId: 'copy', path, sha256, bytes: content.length },
      quietly,
    );
    expect((await readFile(stored)).equals(content)).toBe(true);
  });

  it('comes over one connection, piece by piece', async () => {
    const { node, target } = await masterWithPlan();
    const ends = { cert: node.chainPem, key: keyPem(node) };
    const agent = new Agent({ ca: coordinator.caPem, ...ends, keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (const start of [0, 100_000, 200_000]) {
      const options = { host: '127.0.0.1', port: coordinator.httpsPort, path: target, agent };
      const sent = httpsRequest({ ...options, method: 'PUT', headers: rangeOf(start, 100_000) });
      sent.end(content.subarray(start, start + 100_000));
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      expect(answer.statusCode).toBe(start < 200_000 ? 200 : 201);
      ports.add(sent.socket?.localPort);
      await once(answer.resume(), 'end');
    }
    agent.destroy();
    expect([...ports]).toEqual([expect.any(Number)]);
  });

  it('is taken nowhere but at its end', async () => {
    const { node, target } = await masterWithPlan();
    const body = content.subarray(5_000, 6_000);
    const gap = await ask({ path: target, as: node, headers: rangeOf(5_000, 1_000), body });
    expect(gap).toMatchObject({ status: 409, offset: '0' });
  });

  it.each<[string, Record<string, string>]>([
    ['no range', {}],
    ['a range of another size', rangeOf(0, 10, 11)],
    ['a range backwards', { 'content-range': `bytes 9-0/${content.length}` }],
    ['a range shorter than its body', rangeOf(0, 9)],
    ['words', { 'content-range': 'bytes all' }],
  ])('with %s is not taken', async (_, headers) => {
    const { node, target } = await masterWithPlan();
    const answer = await ask({ path: target, as: node, headers, body: Buffer.alloc(10) });
    expect(answer.status).toBe(400);
  });

  it('of other bytes is refused, and the agent says that its own file is another by now', async () => {
    const { node, planId, path, target } = await masterWithPlan();
    const other = Buffer.alloc(content.length, 'x');
    const headers = rangeOf(0, other.length);
    const refused = await ask({ path: target, as: node, headers, body: other });
    expect(refused).toMatchObject({ status: 422, text: expect.stringContaining(sha256) });
    expect((await ask({ method: 'HEAD', path: target, as: node })).offset).toBe('0');
    await writeFile(path, other);
    const file = { planId, stepId: 'copy', path, sha256, bytes: content.length };
    await expect(uploaderOf(node)(file, quietly)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(path),
    });
  });
});

describe('nothing is taken', () => {
  const piece = { headers: rangeOf(0, 10), body: Buffer.alloc(10) };

  it('from somebody without a certificate', async () => {
    const { target } = await masterWithPlan();
    expect((await ask({ ...piece, path: target, as: null })).status).toBe(403);
  });

  it('from a stranger, whose body is not read', async () => {
    const { target } = await masterWithPlan();
    const port = coordinator.httpsPort;
    const socket = connect({ host: '127.0.0.1', port, ca: coordinator.caPem });
    socket.on('error', () => undefined);
    socket.write(`PUT ${target} HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n`);
    const [part] = (await once(socket, 'data')) as [Buffer];
    expect(part.toString('latin1')).toMatch(/^HTTP\/1.1 403 /);
    await closed(socket);
  });

  it('from another member', async () => {
    const { target, token } = await masterWithPlan();
    const other = await coordinator.join({ token, name: 'm2', number: 2 });
    expect(await ask({ ...piece, path: target, as: other })).toMatchObject({
      status: 403,
      text: expect.stringContaining('this node has no plan'),
    });
  });

  it('for a plan that is over', async () => {
    const { node, planId, target } = await masterWithPlan();
    await node.report(1, [finishedRecord(planId)]);
    expect(await ask({ ...piece, path: target, as: node })).toMatchObject({
      status: 403,
      text: expect.stringContaining('done'),
    });
  });

  it('for another step, or beside the path', async () => {
    const { node, planId, target } = await masterWithPlan();
    const paths = [`/snapshots/${planId}/other`, '/snapshots/p000000000000/copy'];
    for (const path of paths) {
      expect((await ask({ ...piece, path, as: node })).status).toBe(403);
    }
    for (const path of [`${target}/..`, '/snapshots/../keys/x', '/snapshots/']) {
      expect((await ask({ ...piece, path, as: node })).status).toBe(405);
    }
    expect((await ask({ method: 'POST', path: target, as: node })).status).toBe(405);
  });

  it('from a member that was evicted meanwhile', async () => {
    const { node, target } = await masterWithPlan();
    const change = { action: 'evict', name: 'm1', dryRun: false, confirmed: true };
    await coordinator.operator.ChangeNode(change, { timeoutMs: 20_000 });
    expect((await ask({ ...piece, path: target, as: node })).status).toBe(403);
  });
});
