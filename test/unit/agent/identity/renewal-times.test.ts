// When an agent renews its certificate, and how it comes back when that has ended: real certificates,
// and a clock that the test moves.
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ComeBack } from '../../../../agent/identity/come-back.ts';
import type { Identity } from '../../../../agent/identity/identity.ts';
import { joinFleet } from '../../../../agent/identity/join.ts';
import { renewalDueMs } from '../../../../agent/identity/renewal.ts';
import { createRenewalLoop, type RenewalLoop } from '../../../../agent/identity/renewal-loop.ts';
import type { CoordinatorLink } from '../../../../agent/link/coordinator-link.ts';
import { openEnrollment } from '../../../../agent/link/enrollment-client.ts';
import { issueLeaf } from '../../../../coordinator/keys/certificate.ts';
import { sha256Hex } from '../../../../shared/canonical.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { AppError } from '../../../../shared/errors.ts';
import { parseJoinToken } from '../../../../shared/join-token.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { asNodeId } from '../../../../shared/model/ids.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { FakeLink } from '../../../fakes/link.ts';
import { FleetServer } from '../../../support/fleet-server.ts';
import { folderOf } from '../../../support/on-disk.ts';
import { newSigningKeys } from '../../../support/signed-plans.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const hour = 3_600_000;

interface World {
  readonly clock: FakeClock;
  readonly loop: RenewalLoop;
  /** Which way each certificate was asked for, hours after the join. */
  readonly asked: string[];
  identity: Identity;
  /** Null: whoever comes back is let in. */
  refusal: AppError | null;
}

async function aWorld(): Promise<World> {
  const server = await FleetServer.start();
  onTestFinished(() => server.close());
  const folder = folderOf(join(await temporaryDirectory(), 'identity'));
  const joined = await joinFleet({
    token: parseJoinToken(server.token()),
    coordinators: [server.address],
    folder,
    openEnrollment,
    nodeName: 'w1',
    agentVersion: '0.1.0',
    facts: Buffer.from('{}'),
    clock: systemClock,
    log: silentLogger,
    random: () => 0,
    signal: AbortSignal.timeout(10_000),
  });
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const clock = new FakeClock(Date.now());
  const next = async (way: string): Promise<{ chain: Uint8Array[]; counter: number }> => {
    world.asked.push(`${way} after ${Math.round(clock.boot() / hour)} h`);
    const { identity } = world;
    const leaf = await issueLeaf(server.issuer, {
      subject: [{ CN: [identity.nodeId] }],
      publicKey: identity.nodeKey.publicDer,
      names: [],
      usages: ['client'],
      lifetimeMs: 24 * hour,
      now: clock.now(),
    });
    return { chain: [new X509Certificate(leaf).raw], counter: identity.counter + 1 };
  };
  const link: CoordinatorLink = Object.assign(new FakeLink(newSigningKeys()), {
    renew: () => next('renewed'),
  });
  const comeBack: ComeBack = async () => {
    if (world.refusal === null) return await next('came back');
    world.asked.push(world.refusal.code);
    throw world.refusal;
  };
  const loop = createRenewalLoop({
    identity: () => world.identity,
    link: () => link,
    onRenewed: (identity) => {
      world.identity = identity;
    },
    comeBack,
    folder,
    signedNow: () => clock.now(),
    clock,
    log: silentLogger,
    signal: ending.signal,
  });
  const world: World = { clock, loop, asked: [], identity: joined, refusal: null };
  const running = loop.run().catch(() => undefined);
  onTestFinished(async () => {
    ending.abort();
    await running;
  });
  return world;
}

test('a certificate is renewed when half of its life is over, and not before', async () => {
  const { clock, asked } = await aWorld();
  await clock.advance(11 * hour);
  expect(asked).toEqual([]);
  // Certificates begin an hour before they are made: half of 25 hours is 11.5 from then, and 2.5 more are
  // the node's own part of the time.
  for (let late = 0; asked.length === 0 && late < 3; late += 0.5) {
    await clock.advance(hour / 2);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => asked).toEqual([expect.stringMatching(/^renewed after 1[234] h$/)]);
  await clock.advance(10 * hour);
  expect(asked).toHaveLength(1);
});

test('hosts that joined in the same minute renew at times of their own, and each always at the same', () => {
  const day = { notBeforeMs: 0, notAfterMs: 24 * hour };
  const ids = Array.from({ length: 1_000 }, (_, index) =>
    asNodeId(sha256Hex(`${index}`).slice(0, 16)),
  );
  const hours = ids.map((id) => renewalDueMs(day, id) / hour);
  expect(Math.min(...hours)).toBeGreaterThanOrEqual(12);
  expect(Math.max(...hours)).toBeLessThanOrEqual(14.4);
  expect(ids.map((id) => renewalDueMs(day, id) / hour)).toEqual(hours);
  const inMinute = new Map<number, number>();
  for (const at of hours) {
    const minute = Math.floor(at * 60);
    inMinute.set(minute, (inMinute.get(minute) ?? 0) + 1);
  }
  // A thousand over 144 minutes.
  expect(Math.max(...inMinute.values())).toBeLessThan(25);
});

test('a host that is known no more asks to come back every minute, until it may, and keeps its key', async () => {
  const world = await aWorld();
  const { clock, loop, asked } = world;
  const { nodeId, pem } = { ...world.identity, ...world.identity.nodeKey };
  world.refusal = new AppError('refused', 'needs an approval');
  const tellAndWait = async (asks: number): Promise<void> => {
    loop.notKnown();
    await clock.advance(60_000);
    await expect.poll(() => asked.length).toBe(asks);
  };
  for (const asks of [1, 2, 3]) await tellAndWait(asks);
  world.refusal = null;
  await tellAndWait(4);
  expect(asked).toEqual(['refused', 'refused', 'refused', 'came back after 0 h']);
  await expect.poll(() => world.identity.counter).toBe(1);
  expect([world.identity.nodeId, world.identity.nodeKey.pem]).toEqual([nodeId, pem]);
});
