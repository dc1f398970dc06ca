// What becomes of the drain of one host, told by the plans made for it.
import { beforeEach, describe, expect, it, test } from 'vitest';
import {
  type DrainLimits,
  type DrainState,
  type DrainWish,
  drainOf,
  isAlone,
  uncordonOf,
} from '../../../../coordinator/planner/drain.ts';
import { type Situation, situationOf } from '../../../../coordinator/planner/situation.ts';
import { topologyOf } from '../../../../coordinator/planner/topology.ts';
import { grant } from '../../../../coordinator/planner/want.ts';
import type { HostRequest, PlanRecord } from '../../../../coordinator/store/records.ts';
import type { BlockingPod } from '../../../../shared/model/drain.ts';
import type { StepOutputs } from '../../../../shared/model/progress.ts';
import { aCluster, aNode, aSpec, aView } from '../../../support/cluster-builders.ts';
import { PlanningWorld } from '../../../support/planning-world.ts';

const minute = 60_000;
const limits: DrainLimits = {
  timeoutMs: 10 * minute,
  podGraceSeconds: null,
  evictUnmanaged: false,
  deleteEmptyDirData: true,
  disableEviction: false,
  alone: 'drain',
};
const held: BlockingPod = {
  namespace: 'shop',
  pod: 'web-1',
  why: 'budget',
  budget: 'web',
  message: 'needs 2 healthy pods and has 2 currently',
};
const nothingLeft = { left: '0', blocking: '[]', cordoned: 'yes' };
const oneLeft = { left: '1', blocking: JSON.stringify([held]), cordoned: 'yes' };

let world: PlanningWorld;
let beganMs: number;
beforeEach(() => {
  world = installed();
  beganMs = world.now;
});

function installed(...workers: readonly string[]): PlanningWorld {
  const names = workers.length === 0 ? ['w4', 'w5'] : workers;
  const made = new PlanningWorld([
    ...[1, 2, 3].map((number) => aNode(`m${number}`, number)),
    ...names.map((name, index) => aNode(name, 4 + index, { pool: 'workers' })),
  ]);
  made.runAll();
  made.issued.length = 0;
  return made;
}

function situation(): Situation {
  const { view, now } = world;
  return situationOf({ view, topology: topologyOf(view), faults: [], now });
}

function wishFor(name: string, change: Partial<DrainWish> = {}): DrainWish {
  const member = topologyOf(world.view).members.find((one) => one.name === name);
  if (member === undefined) throw new Error(`no member ${name}`);
  return { member, owner: 'r1', sinceMs: beganMs, limits, ...change };
}

function ask(kind: HostRequest['kind'], id: string, change: Partial<DrainLimits> = {}): void {
  const node = wishFor('w4').member.id;
  const asked = { id, cluster: 'lab', node, createdMs: world.now };
  world.ask(
    kind === 'drain' ? { kind, ...asked, limits: { ...limits, ...change } } : { kind, ...asked },
  );
}

const stateOf = (): DrainState => drainOf(situation(), wishFor('w4', { owner: 'operator' }));

/** Ends what runs as hosts would. */
function answer(told: Readonly<Record<string, StepOutputs>> = {}): PlanRecord[] {
  const ended = [...world.running()];
  for (const plan of ended) {
    world.finish(plan, {
      'cordon-node': { cordoned: 'ours' },
      'uncordon-node': { uncordoned: 'yes' },
      ...told,
    });
  }
  world.settle();
  return ended;
}

const goals = (): readonly string[] => world.issued.map((line) => line.replace(/^[mw]\d: /, ''));

/** Time passes, and what is due again is issued. */
function pass(ms: number): void {
  world.now += ms;
  world.settle();
}

describe('the drain that an operator asks for', () => {
  beforeEach(() => {
    ask('drain', 'h1');
    world.settle();
  });

  it('cordons first, then drains until nothing is left, and wants nothing more', () => {
    expect(stateOf().state).toBe('cordoning');
    expect(goals()).toEqual(['cordon w4']);
    answer();
    expect(stateOf().state).toBe('draining');
    expect(goals()).toEqual(['cordon w4', 'drain w4']);
    answer({ 'drain-node': nothingLeft });
    expect(stateOf()).toMatchObject({ state: 'drained', by: 'ours', left: 0, want: null });
    pass(60 * minute);
    expect(goals()).toEqual(['cordon w4', 'drain w4']);
    expect(world.settle().waits).toEqual([]);
  });

  it('asks again after a few seconds while pods are left, and says what holds them', () => {
    answer();
    answer({ 'drain-node': oneLeft });
    expect(goals()).toEqual(['cordon w4', 'drain w4']);
    pass(5_000);
    expect(goals()).toEqual(['cordon w4', 'drain w4', 'drain w4']);
    expect(stateOf()).toMatchObject({ state: 'draining', left: 1, blocking: [held] });
    expect(world.settle().waits).toContainEqual(
      expect.objectContaining({
        subject: 'w4',
        request: 'h1',
        reason: expect.objectContaining({ code: 'draining', left: 1, blocking: [held] }),
      }),
    );
  });

  it('is not stopped by the plans an hour may have, for as long as it has time', () => {
    world = installed();
    beganMs = world.now;
    ask('drain', 'h2', { timeoutMs: 24 * 60 * minute });
    world.settle();
    answer();
    for (let time = 0; time < 100; time += 1) {
      answer({ 'drain-node': oneLeft });
      pass(5_000);
    }
    expect(goals().filter((goal) => goal === 'drain w4').length).toBeGreaterThanOrEqual(100);
  });

  it('is overdue when its time is over: nothing more is wanted, and it is told', () => {
    answer();
    answer({ 'drain-node': oneLeft });
    pass(11 * minute);
    expect(goals()).toEqual(['cordon w4', 'drain w4']);
    expect(stateOf()).toMatchObject({ state: 'overdue', left: 1, blocking: [held], want: null });
    expect(world.settle().waits).toContainEqual(
      expect.objectContaining({
        subject: 'w4',
        reason: { code: 'not-drained', left: 1, blocking: [held], timeoutMs: 10 * minute },
      }),
    );
  });

  it('lets a plan that was begun in time have the last word', () => {
    answer();
    pass(10 * minute - 1);
    const [running] = world.running();
    pass(2_000);
    expect(stateOf().state).toBe('draining');
    world.finish(running as PlanRecord, { 'drain-node': oneLeft });
    world.settle();
    expect(stateOf()).toMatchObject({ state: 'overdue', left: 1, blocking: [held] });
  });

  it('waits no longer in a plan than there is time', () => {
    answer();
    answer({ 'drain-node': oneLeft });
    pass(10 * minute - 4_000);
    expect(world.plans.at(-1)?.draft.stages[0]?.steps[0]).toMatchObject({
      kind: 'drain-node',
      args: { node: 'w4', owner: 'operator', waitSeconds: 4 },
    });
  });

  it('cordons again when somebody has made the node schedulable meanwhile', () => {
    answer();
    answer({ 'drain-node': { ...oneLeft, cordoned: 'no' } });
    expect(stateOf().state).toBe('cordoning');
    pass(5_000);
    answer();
    pass(5_000);
    expect(goals()).toEqual(['cordon w4', 'drain w4', 'cordon w4', 'drain w4']);
  });

  it('goes on through another master when the acting one is away', () => {
    answer();
    const [running] = world.running();
    const first = world.view.nodes.find(({ record }) => record.id === running?.nodeId)?.record.name;
    world.setOnline(first ?? '', false);
    pass(5_000);
    const last = world.issued.at(-1) ?? '';
    expect(last).toMatch(/^m\d: drain w4$/);
    expect(last.startsWith(first ?? '')).toBe(false);
  });

  it('waits with a reason while no master’s agent calls', () => {
    for (const name of ['m1', 'm2', 'm3']) world.setOnline(name, false);
    expect(stateOf()).toMatchObject({
      want: null,
      wait: { subject: 'w4', reason: { code: 'no-delegate' } },
    });
  });

  it('goes on after a failure, and is held only after many', () => {
    answer();
    for (const plan of world.running()) world.fail(plan, { code: 'unavailable' });
    pass(5_000);
    expect(goals()).toEqual(['cordon w4', 'drain w4', 'drain w4']);
  });

  it('ends with an uncordon that is asked for in the middle: what runs is stopped first', () => {
    answer();
    const [drain] = world.running();
    ask('uncordon', 'h9');
    pass(1);
    expect(world.running()).toMatchObject([
      { goal: 'drain w4', stopRequested: true },
      { goal: 'uncordon w4' },
    ]);
    world.stop(world.running()[0] as PlanRecord);
    expect(drain?.goal).toBe('drain w4');
    answer();
    pass(minute);
    expect(goals()).toEqual(['cordon w4', 'drain w4', 'uncordon w4']);
  });
});

test('an uncordon waits for a cordon that is on its way, so that it does not come after it', () => {
  ask('cordon', 'h1');
  world.settle();
  ask('uncordon', 'h2');
  pass(1);
  expect(goals()).toEqual(['cordon w4']);
  expect(world.running()).toMatchObject([{ goal: 'cordon w4', stopRequested: true }]);
  world.stop(world.running()[0] as PlanRecord);
  world.settle();
  expect(goals()).toEqual(['cordon w4', 'uncordon w4']);
});

test('an uncordon is done once, also when a retry is asked for afterwards', () => {
  ask('uncordon', 'h1');
  world.settle();
  answer();
  const { cluster } = world.view;
  world.view = { ...world.view, cluster: { ...cluster, retryGeneration: 1 } };
  pass(minute);
  expect(goals()).toEqual(['uncordon w4']);
});

describe('for another owner, or at another time', () => {
  it('it begins anew', () => {
    ask('drain', 'h1');
    world.settle();
    answer();
    answer({ 'drain-node': nothingLeft });
    expect(stateOf().state).toBe('drained');
    expect(drainOf(situation(), wishFor('w4', { owner: 'r2' })).state).toBe('cordoning');
    const later = wishFor('w4', { owner: 'operator', sinceMs: world.now + 1 });
    expect(drainOf(situation(), later).state).toBe('cordoning');
    world.now += minute;
    ask('drain', 'h2');
    world.settle();
    expect(goals()).toEqual(['cordon w4', 'drain w4', 'cordon w4']);
  });
});

describe('a rollout', () => {
  const begin = (wish: DrainWish): DrainState => {
    const state = drainOf(situation(), wish);
    const granted = grant(situation(), state.want === null ? [] : [state.want]);
    expect(granted.issue).toHaveLength(state.want === null ? 0 : 1);
    return state;
  };

  it('gets what to do next, in its own name', () => {
    const state = begin(wishFor('w4'));
    const [step] = state.want?.stages()[0]?.steps ?? [];
    expect(step).toMatchObject({
      kind: 'cordon-node',
      args: { node: 'w4', owner: 'r1' },
      effect: 'disrupt',
    });
  });

  it('gives back in its own name, once', () => {
    const state = uncordonOf(situation(), wishFor('w4'));
    expect(state).toMatchObject({ state: 'uncordoning', isFree: null });
    const [step] = state.want?.stages()[0]?.steps ?? [];
    expect(step).toMatchObject({ kind: 'uncordon-node', args: { node: 'w4', owner: 'r1' } });
  });

  it('spreads hosts over the masters', () => {
    world = installed(...Array.from({ length: 12 }, (_, index) => `w${index + 10}`));
    const by = topologyOf(world.view).workers.map(
      ({ name }) => drainOf(situation(), wishFor(name)).want?.by.name,
    );
    expect(new Set(by)).toEqual(new Set(['m1', 'm2', 'm3']));
  });
});

describe('a host that is master and worker alone', () => {
  const alone = (): PlanningWorld => {
    const pools = [{ name: 'all', roles: ['etcd', 'control-plane', 'worker'], size: 1 }];
    const nodes = [aNode('w4', 4, { pool: 'all' })];
    const made = new PlanningWorld(nodes, aView(nodes, aCluster({ spec: aSpec({ pools }) })));
    made.runAll();
    return made;
  };

  it('counts as drained once it is cordoned, where its pods could go nowhere', () => {
    world = alone();
    const wish = wishFor('w4', { owner: 'operator', limits: { ...limits, alone: 'leave' } });
    expect(isAlone(situation(), wish.member)).toBe(true);
    ask('cordon', 'h1');
    beganMs = world.now;
    world.settle();
    answer();
    expect(drainOf(situation(), { ...wish, sinceMs: world.now })).toMatchObject({
      state: 'drained',
      left: null,
    });
  });

  it('is drained all the same when an operator asks for it', () => {
    world = alone();
    ask('drain', 'h1');
    world.settle();
    answer();
    expect(goals().slice(-2)).toEqual(['cordon w4', 'drain w4']);
  });

  test.each([
    ['the only worker beside masters that take no pods', ['w4'], 'w4', true],
    ['one of two workers', ['w4', 'w5'], 'w4', false],
    ['a master among masters', ['w4'], 'm1', false],
  ] as const)('%s', (_, workers, name, expected) => {
    world = installed(...workers);
    expect(isAlone(situation(), wishFor(name).member)).toBe(expected);
  });
});
