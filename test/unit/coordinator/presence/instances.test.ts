import { describe, expect, it } from 'vitest';
import { createInstances, type Instances } from '../../../../coordinator/presence/instances.ts';
import { FakeClock } from '../../../fakes/clock.ts';

const poll = (instances: Instances, instanceId: string, number: number, address = '10.0.0.1') =>
  instances.see('a', { instanceId, poll: number, address }).kind;

describe('the starts of an agent', () => {
  it('follow each other without end: each new one is the one', () => {
    const instances = createInstances(new FakeClock());
    for (let start = 0; start < 50; start += 1) {
      expect(poll(instances, `start-${start}`, 1)).toBe('current');
      expect(poll(instances, `start-${start}`, 2)).toBe('current');
    }
  });

  it('may be told of late: polls that were under way when an agent ended are no second agent', () => {
    const clock = new FakeClock();
    const instances = createInstances(clock);
    poll(instances, 'old', 7);
    poll(instances, 'new', 1);
    // A message doubled on its way, and three that a cut had held up.
    expect(poll(instances, 'old', 7)).toBe('returned');
    for (const late of [8, 9, 10]) expect(poll(instances, 'old', late)).toBe('returned');
    clock.skip(3_600_000);
    expect(poll(instances, 'new', 2)).toBe('current');
  });

  it('are not two when a dead one is heard of first after the next has begun to poll', () => {
    const clock = new FakeClock();
    const instances = createInstances(clock);
    poll(instances, 'new', 1);
    // Its only message was held up, and takes the place of the one that lives.
    expect(poll(instances, 'dead', 1)).toBe('current');
    const verdicts = new Set<string>();
    for (let number = 2; number < 12; number += 1) {
      clock.skip(3_000);
      verdicts.add(poll(instances, 'new', number));
    }
    expect([...verdicts]).toEqual(['returned', 'current']);
    expect(poll(instances, 'new', 12)).toBe('current');
  });

  it('are not two when the polls of a dead one come late, one after the other', () => {
    const clock = new FakeClock();
    const instances = createInstances(clock);
    poll(instances, 'dead', 1);
    poll(instances, 'new', 1);
    for (let late = 2; late < 9; late += 1) {
      clock.skip(4_000);
      expect(poll(instances, 'dead', late)).toBe('returned');
      expect(poll(instances, 'new', late)).toBe('current');
    }
  });

  it('are two when both go on asking in turn, and both addresses are known', () => {
    const clock = new FakeClock();
    const instances = createInstances(clock);
    poll(instances, 'first', 1, '10.0.0.1');
    poll(instances, 'copy', 1, '10.0.0.2');
    const verdicts = [2, 3, 4, 5].map((number) => {
      clock.skip(10_000);
      poll(instances, 'copy', number, '10.0.0.2');
      return instances.see('a', { instanceId: 'first', poll: number, address: '10.0.0.1' });
    });
    expect(verdicts.map(({ kind }) => kind)).toEqual(['returned', 'returned', 'two', 'two']);
    expect(verdicts.at(-1)).toMatchObject({ addresses: ['10.0.0.2', '10.0.0.1'] });
    expect(instances.addresses('a')).toEqual(['10.0.0.2', '10.0.0.1']);
  });

  it('are forgotten when an operator has looked: whoever polls next is the one', () => {
    const instances = createInstances(new FakeClock());
    poll(instances, 'first', 1);
    poll(instances, 'copy', 1);
    instances.forget('a');
    expect(poll(instances, 'first', 2)).toBe('current');
  });
});
