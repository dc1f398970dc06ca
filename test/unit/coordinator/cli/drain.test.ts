// `node cordon`, `node drain` and `node uncordon` as they are typed, over the real handlers.
import { describe, expect, it, test } from 'vitest';
import type { BlockingPod } from '../../../../shared/model/drain.ts';
import { type DrainingWorld, drainingWorld } from '../operator/draining-world.ts';
import type { Ran } from './cli-world.ts';
import { type ServedWorld, serveWorld } from './health-world.ts';

const held: BlockingPod = {
  namespace: 'shop',
  pod: 'web-1',
  why: 'budget',
  budget: 'web',
  message: 'The disruption budget web needs 2 healthy pods and has 2 currently',
};
const oneLeft = { left: '1', blocking: JSON.stringify([held]), cordoned: 'yes' };
const nothingLeft = { left: '0', blocking: '[]', cordoned: 'yes' };
const line =
  'pod shop/web-1, held by PodDisruptionBudget web (The disruption budget web needs 2 healthy pods and has 2 currently)';

interface Typed extends AsyncDisposable {
  readonly draining: DrainingWorld;
  readonly run: ServedWorld['run'];
  /** What commands say that they have been told. */
  readonly told: () => readonly string[];
}

async function typed(): Promise<Typed> {
  const draining = await drainingWorld();
  const told: string[] = [];
  const { handlers } = draining.world;
  const CordonNode: typeof handlers.CordonNode = async (request, context) => {
    told.push(request.known);
    return await handlers.CordonNode(request, context);
  };
  const served = await serveWorld({ handlers: { ...handlers, CordonNode } });
  return {
    draining,
    run: served.run,
    told: () => told,
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

describe('node drain', () => {
  it('names the pods and budgets it waits for, and ends well when nothing is left', async () => {
    await using world = await typed();
    const { draining } = world;
    const running = world.run('node', 'drain', 'w4');
    await draining.asked(1);
    expect(await draining.work()).toEqual(['cordon w4']);
    expect(await draining.work({ 'drain-node': oneLeft })).toEqual(['drain w4']);
    await expect.poll(() => world.told().some((text) => text.includes('web-1'))).toBe(true);
    await draining.pass(4_000);
    const [plan] = draining.planning.running();
    expect(plan?.goal).toBe('drain w4');
    await draining.work({ 'drain-node': nothingLeft });
    const { code, out, err } = await running;
    expect({ code, out }).toEqual({ code: 0, out: 'w4 is drained, and stays cordoned\n' });
    expect(err).toContain(`w4: 1 pod is left\n  ${line}\n`);
  });

  it('says at its limit what holds it and what to do, with code 124', async () => {
    await using world = await typed();
    const { draining } = world;
    const running = world.run('node', 'drain', 'w4', '--timeout', '30s');
    await draining.asked(1);
    await draining.work();
    await draining.work({ 'drain-node': oneLeft });
    await draining.pass(60_000);
    expect(await running).toMatchObject({
      code: 124,
      out: '',
      err: expect.stringContaining(
        [
          'error: w4 is not drained within 30s, and stays cordoned: 1 pod is left',
          `  ${line}`,
          '  mend what holds them and drain it again, or give it back: coordinator node uncordon w4',
        ].join('\n'),
      ),
    });
    const explained = await world.run('explain', 'w4');
    expect(explained.out).toContain('w4 could not be drained within 30s, and stays cordoned');
    expect(explained.out).toContain('held by PodDisruptionBudget web');
  });

  it('asks for what its flags say', async () => {
    await using world = await typed();
    const { draining } = world;
    const flags = ['--grace', '0', '--delete-emptydir-data', '--force', '--disable-eviction'];
    const { code, out } = await world.run('node', 'drain', 'w4', ...flags, '--no-wait');
    expect({ code, out }).toEqual({ code: 0, out: 'drain of w4 is under way\n' });
    await draining.work();
    expect(draining.planning.plans.at(-1)?.draft.stages[0]?.steps[0]).toMatchObject({
      kind: 'drain-node',
      args: {
        podGraceSeconds: 0,
        deleteEmptyDirData: true,
        evictUnmanaged: true,
        disableEviction: true,
      },
    });
    const explained = await world.run('explain', 'w4');
    expect(explained.out).toContain('w4 is being drained');
  });

  it('fails when another request takes its place', async () => {
    await using world = await typed();
    const { draining } = world;
    const running = world.run('node', 'drain', 'w4');
    await draining.asked(1);
    await draining.work();
    await draining.pass(1_000);
    const giving = world.run('node', 'uncordon', 'w4');
    await draining.asked(2);
    await draining.work();
    await draining.work();
    expect(await running).toMatchObject({
      code: 1,
      err: expect.stringContaining('w4: another request has taken its place: uncordon w4'),
    });
    expect(await giving).toMatchObject({ code: 0, out: 'w4 takes pods again\n' });
  });
});

test.each([
  ['cordon', { cordoned: 'ours' }, 0, 'w4 is cordoned: no new pods come to it\n'],
  ['cordon', { cordoned: 'others' }, 0, 'w4 was cordoned already\n'],
  ['cordon', { cordoned: 'gone' }, 1, ''],
  ['uncordon', {}, 0, 'w4 takes pods again\n'],
] as const)('node %s that ends with %j', async (action, told, code, out) => {
  await using world = await typed();
  const running: Promise<Ran> = world.run('node', action, 'w4');
  await world.draining.asked(1);
  await world.draining.work({ 'cordon-node': told as Record<string, string> });
  expect(await running).toMatchObject({ code, out });
});

test('an agent that cannot do it for good is a failure with its reason', async () => {
  await using world = await typed();
  const running = world.run('node', 'cordon', 'w4');
  await world.draining.asked(1);
  const { planning } = world.draining;
  planning.view = { ...(await requestsOf(world)) };
  planning.settle();
  for (const plan of planning.running()) planning.fail(plan, { retryable: false });
  await world.draining.pass(1);
  expect(await running).toMatchObject({ code: 1, err: expect.stringContaining('it broke') });
});

async function requestsOf({ draining }: Typed): Promise<DrainingWorld['planning']['view']> {
  await draining.pass(0);
  return draining.planning.view;
}

describe('is refused', () => {
  test.each([
    ['of a host that is not there', 'w9', 4, 'there is no node w9'],
    ['of a host that is no node', 'spare', 3, 'spare is no node of its cluster yet'],
  ])('%s', async (_, name, code, sentence) => {
    await using world = await typed();
    const ran = await world.run('node', 'drain', name);
    expect(ran).toMatchObject({ code, out: '', err: expect.stringContaining(sentence) });
  });

  test.each([
    ['a time that is none', ['--timeout', 'soon']],
    ['more than a day', ['--timeout', '2d']],
    ['a grace that is none', ['--grace', 'long']],
  ])('with %s', async (_, flags) => {
    await using world = await typed();
    expect(await world.run('node', 'drain', 'w4', ...flags)).toMatchObject({ code: 2, out: '' });
  });
});
