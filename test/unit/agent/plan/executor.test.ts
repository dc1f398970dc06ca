import { expect, test } from 'vitest';
import { asPlanId } from '../../../../shared/model/ids.ts';
import type { Plan } from '../../../../shared/model/plan.ts';
import type { JournalRecord } from '../../../../shared/model/progress.ts';
import { settle } from '../../../fakes/clock.ts';
import { fails, hangs, PlanWorld } from '../../../support/plan-world.ts';
import { aPlan, aStep } from '../../../support/signed-plans.ts';

const threeStages: Plan = aPlan({
  stages: [
    { title: 'one', steps: [aStep('a'), aStep('b')] },
    { title: 'two', steps: [aStep('c')] },
    { title: 'three', steps: [aStep('d'), aStep('e')] },
  ],
});

const line = (record: JournalRecord): string => {
  if (record.event === 'step-intent') return `begin ${record.stepId} ${record.attempt}`;
  if (record.event === 'step-outcome') return `${record.stepId} ${record.attempt} ${record.result}`;
  return record.event === 'plan-finished' ? `plan ${record.state}` : record.event;
};
const linesOf = (world: PlanWorld): string[] => world.records.map(line);
const lastOf = (world: PlanWorld) => world.records.at(-1);

test('stages run in series, the steps of a stage together, with a record before and after each', async () => {
  const world = new PlanWorld(threeStages);
  await world.live({ isOwn: true });
  expect(linesOf(world)).toEqual([
    'plan-accepted',
    'begin a 1',
    'begin b 1',
    'a 1 changed',
    'b 1 changed',
    'begin c 1',
    'c 1 changed',
    'begin d 1',
    'begin e 1',
    'd 1 changed',
    'e 1 changed',
    'plan done',
  ]);
  expect(lastOf(world)).toMatchObject({ changedSteps: 5, error: null });
});

test('a step that is satisfied changes nothing', async () => {
  const world = new PlanWorld(aPlan());
  world.done.add('/tmp/a');
  await world.live({ isOwn: true });
  expect(linesOf(world)).toContain('a 1 satisfied');
  expect(lastOf(world)).toMatchObject({ state: 'done', changedSteps: 0 });
  expect(world.applied.size).toBe(0);
});

const plannedRecords = 12;
const kills = Array.from({ length: plannedRecords - 1 }, (_, number) => number + 1).flatMap(
  (record) => (['before', 'after'] as const).map((when) => ({ record, when })),
);

test.each(kills)(
  'killed $when record $record, it goes on and applies every step once',
  async (kill) => {
    const world = new PlanWorld(threeStages);
    expect(await world.live({ isOwn: true, kill })).toBe('killed');
    await settle();
    expect(await world.live({ isOwn: false })).toBe('ended');
    expect(lastOf(world)).toMatchObject({ event: 'plan-finished', state: 'done' });
    expect(Object.fromEntries(world.applied)).toEqual({
      '/tmp/a': 1,
      '/tmp/b': 1,
      '/tmp/c': 1,
      '/tmp/d': 1,
      '/tmp/e': 1,
    });
    expect(linesOf(world).filter((text) => text.startsWith('plan d'))).toEqual(['plan done']);
  },
);

test('killed again and again, a few records each life, it still ends', async () => {
  const world = new PlanWorld(threeStages);
  for (let life = 0; life < 40 && world.history().finished === null; life += 1) {
    const kill = { record: world.records.length + (life % 4), when: 'after' as const };
    await world.live({ isOwn: life === 0, kill });
    await settle();
  }
  expect(world.history().finished).toBe('done');
  expect([...world.applied.values()]).toEqual([1, 1, 1, 1, 1]);
});

test('steps with an outcome are not run again, and a finished plan does nothing', async () => {
  const world = new PlanWorld(threeStages);
  await world.live({ isOwn: true });
  const records = world.records.length;
  await world.live({ isOwn: false });
  expect(world.records).toHaveLength(records);
});

test('when a step fails its neighbours end first, then the plan fails with that error, redacted', async () => {
  const world = new PlanWorld(threeStages);
  const outputTail = 'last words\nBearer abcdef';
  world.behaviours.set('/tmp/a', fails('exec-failed', { command: 'kubeadm init', outputTail }));
  const life = world.live({ isOwn: true });
  await world.clock.advance(1_000);
  await life;
  expect(linesOf(world).slice(1)).toEqual([
    'begin a 1',
    'begin b 1',
    'b 1 changed',
    'a 1 failed',
    'plan failed',
  ]);
  expect(lastOf(world)).toMatchObject({
    error: {
      code: 'exec-failed',
      message: 'it went wrong',
      command: 'kubeadm init',
      outputTail: 'last words\nBearer [redacted]',
      retryable: true,
    },
  });
});

test('what fails while the agent is being ended is no failure: the next start sees to it', async () => {
  const world = new PlanWorld(aPlan());
  const ending = new AbortController();
  world.behaviours.set('/tmp/a', fails('exec-failed'));
  const life = world.live({ isOwn: true, ending: ending.signal });
  await settle();
  ending.abort();
  await expect(life).rejects.toMatchObject({ name: 'AbortError' });
  expect(linesOf(world)).toEqual(['plan-accepted', 'begin a 1']);
  world.behaviours.clear();
  await world.live({ isOwn: false });
  expect(world.history().finished).toBe('done');
});

test('a step past its time is interrupted and failed as timeout', async () => {
  const world = new PlanWorld(aPlan());
  world.behaviours.set('/tmp/a', hangs);
  const life = world.live({ isOwn: true });
  await world.clock.advance(29_000);
  expect(linesOf(world)).toEqual(['plan-accepted', 'begin a 1']);
  await world.clock.advance(2_500);
  await life;
  expect(lastOf(world)).toMatchObject({
    state: 'failed',
    error: { code: 'timeout', retryable: true },
  });
});

test('a step that ignores the end of its time is left behind', async () => {
  const world = new PlanWorld(aPlan());
  world.behaviours.set('/tmp/a', () => new Promise(() => undefined));
  const life = world.live({ isOwn: true });
  await world.clock.advance(30_000 + 60_000 + 1_000);
  await life;
  expect(lastOf(world)).toMatchObject({ state: 'failed', error: { code: 'timeout' } });
});

async function stopped(world: PlanWorld, stop: AbortController): Promise<void> {
  world.records.push({ event: 'plan-stop-received', atMs: 0, planId: asPlanId('p1') });
  stop.abort();
  await settle();
}

test('a stop interrupts what may be interrupted, lets the rest finish, begins no other, and is final', async () => {
  const plan = aPlan({
    stages: [
      {
        title: 'one',
        steps: [aStep('a', { onStop: 'interrupt' }), aStep('b', { onStop: 'finish' })],
      },
      { title: 'two', steps: [aStep('c')] },
    ],
  });
  const world = new PlanWorld(plan);
  const finish = Promise.withResolvers<void>();
  world.behaviours.set('/tmp/a', hangs);
  world.behaviours.set('/tmp/b', () => finish.promise);
  const stop = new AbortController();
  const life = world.live({ isOwn: true, stop: stop.signal });
  await settle();
  await stopped(world, stop);
  expect(linesOf(world)).toContain('a 1 stopped');
  finish.resolve();
  await life;
  expect(linesOf(world).slice(-2)).toEqual(['b 1 changed', 'plan stopped']);
  expect(world.applied.has('/tmp/c')).toBe(false);
  await world.live({ isOwn: false });
  expect(linesOf(world).at(-1)).toBe('plan stopped');
});

test('stopped while it was dead: the interrupted step is ended, not done again', async () => {
  const world = new PlanWorld(threeStages);
  await world.live({ isOwn: true, kill: { record: 2, when: 'after' } });
  await settle();
  const stop = new AbortController();
  await stopped(world, stop);
  await world.live({ isOwn: false, stop: stop.signal });
  const lines = linesOf(world);
  expect(lines.at(-1)).toBe('plan stopped');
  expect(
    lines.filter((text) => text.endsWith('stopped') && text !== 'plan stopped').length,
  ).toBeGreaterThan(0);
  expect(world.host.lines.some((text) => text.startsWith('forget muster-p1-'))).toBe(true);
});

test('units are forgotten only after the outcome is in the journal', async () => {
  const world = new PlanWorld(aPlan());
  const seen: string[] = [];
  const forget = world.host.forgetUnits.bind(world.host);
  world.host.forgetUnits = async (prefixes) => {
    seen.push(`${prefixes.join(' ')} after ${linesOf(world).at(-1)}`);
    await forget(prefixes);
  };
  await world.live({ isOwn: true });
  expect(seen).toEqual(['muster-p1-a-1 after a 1 changed']);
});

test('a resumed step waits for the unit of its earlier attempt before it checks anything', async () => {
  const world = new PlanWorld(aPlan());
  await world.live({ isOwn: true, kill: { record: 1, when: 'after' } });
  await settle();
  world.applied.clear();
  world.done.clear();
  world.host.put('/run/muster/units/muster-p1-a-1.out', '');
  let state = 'LoadState=loaded\nActiveState=activating\n';
  world.host.answer('systemctl show', () => state);
  const life = world.live({ isOwn: false });
  await world.clock.advance(10_000);
  expect(world.applied.size).toBe(0);
  expect(world.said.join()).toContain('waiting for muster-p1-a-1');
  // The earlier attempt did the work.
  world.done.add('/tmp/a');
  state = 'LoadState=loaded\nActiveState=active\nSubState=exited\n';
  await world.clock.advance(1_000);
  await life;
  expect(linesOf(world)).toEqual([
    'plan-accepted',
    'begin a 1',
    'begin a 2',
    'a 2 satisfied',
    'plan done',
  ]);
});

test('a unit of an earlier attempt that never ends is stopped at the step’s time', async () => {
  const world = new PlanWorld(
    aPlan({ stages: [{ title: 'one', steps: [aStep('a', { timeoutSeconds: 5 })] }] }),
  );
  await world.live({ isOwn: true, kill: { record: 1, when: 'after' } });
  await settle();
  world.host.put('/run/muster/units/muster-p1-a-1.out', '');
  world.host.answer('systemctl show', 'LoadState=loaded\nActiveState=activating\n');
  const life = world.live({ isOwn: false });
  await world.clock.advance(20_000);
  await life;
  expect(world.host.lines).toContain('forget muster-p1-a-1');
});

test('after a restart of the machine no step begins before a signed go-on', async () => {
  const world = new PlanWorld(threeStages);
  await world.live({ isOwn: true, kill: { record: 4, when: 'after' } });
  await settle();
  world.bootId = 'boot-2';
  const records = world.records.length;
  const life = world.live({ isOwn: false });
  await settle();
  world.answer();
  await settle();
  expect(world.records).toHaveLength(records);
  expect(world.said.join()).toContain('before the coordinator says go on');
  world.goOn.add('p1');
  world.answer();
  await life;
  expect(world.history().finished).toBe('done');
});

test('a boot that cannot be told from another counts as another', async () => {
  const world = new PlanWorld(threeStages);
  world.bootId = 'unknown';
  const [accepted] = world.records;
  if (accepted?.event === 'plan-accepted') world.records[0] = { ...accepted, bootId: 'unknown' };
  await world.live({ isOwn: true, kill: { record: 4, when: 'after' } });
  await settle();
  const records = world.records.length;
  void world.live({ isOwn: false });
  await settle();
  expect(world.records).toHaveLength(records);
  expect(world.holds).toEqual([true]);
});

test('the wait for a go-on is told once, and so is its end', async () => {
  const world = new PlanWorld(threeStages);
  await world.live({ isOwn: true, kill: { record: 4, when: 'after' } });
  await settle();
  world.bootId = 'boot-2';
  const life = world.live({ isOwn: false });
  for (let answers = 0; answers < 5; answers += 1) {
    await settle();
    world.answer();
  }
  await settle();
  expect(world.holds).toEqual([true]);
  world.goOn.add('p1');
  world.answer();
  await life;
  expect(world.holds).toEqual([true, false]);
});

test('a plan that is stopped after a restart of the machine ends, and begins nothing to do so', async () => {
  const step = aStep('a', { onStop: 'finish' });
  const world = new PlanWorld(aPlan({ stages: [{ title: 'one', steps: [step, aStep('b')] }] }));
  await world.live({ isOwn: true, kill: { record: 2, when: 'after' } });
  await settle();
  world.bootId = 'boot-2';
  world.applied.clear();
  const stop = new AbortController();
  const life = world.live({ isOwn: false, stop: stop.signal });
  await settle();
  world.records.push({ event: 'plan-stop-received', atMs: 0, planId: world.plan.planId });
  stop.abort();
  await life;
  expect(world.history().finished).toBe('stopped');
  expect(world.applied.size).toBe(0);
});

test('the gate before a disrupting step is measured again after a restart, and once', async () => {
  const gate = aStep('gate', { effect: 'read' });
  const disrupting = aStep('a', { effect: 'disrupt', beginWithinSeconds: 30 });
  const world = new PlanWorld(
    aPlan({
      stages: [
        { title: 'gate', steps: [gate] },
        { title: 'static pods', steps: [disrupting] },
        { title: 'after', steps: [aStep('b')] },
      ],
    }),
  );
  // Killed right before the intent of the disrupting step.
  await world.live({ isOwn: true, kill: { record: 3, when: 'before' } });
  await settle();
  expect(linesOf(world).slice(1)).toEqual(['begin gate 1', 'gate 1 changed']);
  await world.live({ isOwn: false });
  expect(linesOf(world).slice(3)).toEqual([
    'begin gate 2',
    'gate 2 satisfied',
    'begin a 1',
    'a 1 changed',
    'begin b 1',
    'b 1 changed',
    'plan done',
  ]);
});

test('a disrupting step waits until the coordinator’s last answer is young enough', async () => {
  const step = aStep('a', { effect: 'disrupt', beginWithinSeconds: 30 });
  const world = new PlanWorld(aPlan({ stages: [{ title: 'one', steps: [step] }] }));
  await world.clock.advance(31_000);
  const life = world.live({ isOwn: true });
  await settle();
  expect(linesOf(world)).toEqual(['plan-accepted']);
  world.answer();
  await life;
  expect(world.history().finished).toBe('done');
});

const gated: Plan = aPlan({
  stages: [
    { title: 'gate', steps: [aStep('gate', { effect: 'read' })] },
    { title: 'act', steps: [aStep('act', { effect: 'disrupt', beginWithinSeconds: 30 })] },
  ],
});

test('a gate that an earlier process measured is measured again before a disrupting step', async () => {
  const world = new PlanWorld(gated);
  await world.live({ isOwn: true, kill: { record: 3, when: 'after' } });
  await settle();
  await world.clock.advance(120_000);
  world.answer();
  await world.live({ isOwn: false });
  expect(linesOf(world)).toEqual([
    'plan-accepted',
    'begin gate 1',
    'gate 1 changed',
    'begin act 1',
    'begin gate 2',
    'gate 2 satisfied',
    'begin act 2',
    'act 2 changed',
    'plan done',
  ]);
});

test('a disrupting step that slept before its first command is put off, and its gate measured again', async () => {
  const world = new PlanWorld(gated);
  world.host.answer('act', '');
  let runs = 0;
  world.behaviours.set('/tmp/act', async ({ command }) => {
    runs += 1;
    if (runs === 1) world.clock.skip(15_000);
    await command(['act']);
  });
  await world.live({ isOwn: true });
  expect(linesOf(world)).toEqual([
    'plan-accepted',
    'begin gate 1',
    'gate 1 changed',
    'begin act 1',
    'begin gate 2',
    'gate 2 satisfied',
    'begin act 2',
    'act 2 changed',
    'plan done',
  ]);
  expect(world.host.changes.filter((text) => text.startsWith('change'))).toEqual([
    'change muster-p1-act-2: act',
  ]);
});

test('a step that has begun to act is not put off halfway', async () => {
  const world = new PlanWorld(gated);
  world.host.answer('act', '');
  world.behaviours.set('/tmp/act', async ({ command }) => {
    await command(['act', '1']);
    world.clock.skip(60_000);
    await command(['act', '2']);
  });
  await world.live({ isOwn: true });
  expect(linesOf(world).at(-2)).toBe('act 1 changed');
});
