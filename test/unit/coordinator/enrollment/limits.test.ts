import { describe, expect, it } from 'vitest';
import { createChallenges } from '../../../../coordinator/enrollment/challenges.ts';
import { isInRange, parseSourceRange } from '../../../../coordinator/enrollment/judge-token.ts';
import { createRateLimit } from '../../../../coordinator/enrollment/rate-limit.ts';
import { createRefusedJoins } from '../../../../coordinator/enrollment/refused-joins.ts';
import { manualClock } from '../../../support/manual-clock.ts';

describe('challenges', () => {
  it('are good once, for two minutes, and only if they were given out', () => {
    const clock = manualClock();
    const challenges = createChallenges(clock);
    const [one, two] = [challenges.create(), challenges.create()];
    expect(challenges.spend(one)).toBe(true);
    expect(challenges.spend(one)).toBe(false);
    expect(challenges.spend(new Uint8Array(32))).toBe(false);
    clock.advance(120_000);
    expect(challenges.spend(two)).toBe(false);
  });

  it('that nobody uses are not remembered: a flood of them spoils nobody’s', () => {
    const challenges = createChallenges(manualClock());
    const oldest = challenges.create();
    for (let index = 0; index < 30_000; index += 1) challenges.create();
    expect(challenges.spend(oldest)).toBe(true);
  });

  it('of another coordinator, or changed by a bit, are none', () => {
    const clock = manualClock();
    const challenges = createChallenges(clock);
    expect(challenges.spend(createChallenges(clock).create())).toBe(false);
    const changed = challenges.create();
    changed[3] = (changed[3] ?? 0) ^ 1;
    expect(challenges.spend(changed)).toBe(false);
    expect(challenges.spend(challenges.create().subarray(1))).toBe(false);
  });
});

describe('the limit on joins', () => {
  it('holds a source after five failures within a minute, and no other source', () => {
    const clock = manualClock();
    const limit = createRateLimit(clock);
    for (let index = 0; index < 5; index += 1) limit.failed('10.0.0.1');
    expect(() => limit.mayFail('10.0.0.1')).toThrow(/5 joins from this address failed/);
    limit.mayFail('10.0.0.2');
    clock.advance(60_001);
    limit.mayFail('10.0.0.1');
  });

  it('counts the addresses of one IPv6 network as one source', () => {
    const limit = createRateLimit(manualClock());
    for (let index = 0; index < 5; index += 1) limit.failed(`2001:db8::${String(index)}`);
    expect(() => limit.mayFail('2001:db8::99')).toThrow(/from this address failed/);
    limit.mayFail('2001:db8:0:1::1');
  });

  it('holds all who fail once there are many of them, wherever they come from', () => {
    const limit = createRateLimit(manualClock());
    for (let index = 0; index < 60; index += 1) limit.failed(`10.0.0.${String(index)}`);
    expect(() => limit.mayFail('10.0.1.1')).toThrow(/too many joins fail/);
    limit.pace('mtaaaaaaaaaa', '10.0.1.1');
  });

  it('paces the joins of one token, and of no other', () => {
    const clock = manualClock();
    const limit = createRateLimit(clock);
    for (let index = 0; index < 105; index += 1) limit.pace('a', '10.0.0.1');
    expect(() => limit.pace('a', '10.0.0.1')).toThrow(/with this token at once/);
    limit.pace('b', '10.0.0.1');
    clock.advance(1_000);
    limit.pace('a', '10.0.0.1');
  });

  it('lets who comes once with a token in, however often another comes with the same', () => {
    const limit = createRateLimit(manualClock());
    const spent = (): void => {
      for (let index = 0; index < 200; index += 1) limit.pace('a', '10.0.0.66');
    };
    expect(spent).toThrow(/with this token at once/);
    limit.pace('a', '10.0.0.7');
  });

  it('ends what the holder of a token has written down of hosts that were turned away', () => {
    const clock = manualClock();
    const limit = createRateLimit(clock);
    const told = Array.from({ length: 1_000 }, () => limit.told('a'));
    expect(told.filter((line) => line !== null)).toHaveLength(20);
    expect(limit.told('b')).toEqual({});
    clock.advance(30_000);
    expect(limit.told('a')).toEqual({ leftOut: 980 });
  });
});

describe('source ranges', () => {
  it.each([
    ['fe80::1%eth0', 'fe80::/10', true],
    ['10.1.2.3', '10.1.0.0/16', true],
    ['10.2.2.3', '10.1.0.0/16', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['fd00::7', 'fd00::/64', true],
    ['fd00::7', '10.0.0.0/8', false],
    ['unix:/run/x', '10.0.0.0/8', false],
    ['10.1.2.3', 'rubbish', false],
  ])('%s in %s: %s', (address, range, expected) => {
    expect(isInRange(address, range)).toBe(expected);
  });

  it.each(['10.0.0.0/', '10.0.0.0/33', '10.0.0/8', 'fd00::/129', '10.0.0.0/8/8', ''])(
    'does not take %s for one',
    (text) => {
      expect(parseSourceRange(text)).toBeNull();
    },
  );
});

describe('joins that were refused', () => {
  const refusal = {
    cluster: 'lab',
    nodeId: 'a',
    name: 'w2',
    source: '10.0.0.2',
    reason: 'same machine-id as w1',
    mend: 'it gets its own',
  };

  it('are shown as held until the host is let in or stops asking', () => {
    const clock = manualClock();
    const refused = createRefusedJoins(clock);
    expect(refused.add(refusal)).toBe(true);
    clock.advance(10 * 60_000);
    expect(refused.add(refusal)).toBe(false);
    clock.advance(10 * 60_000);
    expect(refused.waits('lab')).toEqual([
      {
        subject: 'w2',
        reason: {
          code: 'join-refused',
          wish: 'join',
          source: '10.0.0.2',
          why: 'same machine-id as w1',
          mend: 'it gets its own (its id is a)',
        },
        sinceMs: clock.now() - 20 * 60_000,
      },
    ]);
    expect(refused.waits('other')).toEqual([]);
    clock.advance(10 * 60_000);
    expect(refused.waits('lab')).toEqual([]);
    refused.add(refusal);
    refused.forget('a');
    expect(refused.waits('lab')).toEqual([]);
  });
});
