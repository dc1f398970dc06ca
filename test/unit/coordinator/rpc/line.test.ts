// Who comes in when, and who goes when the house is full.
import { expect, it } from 'vitest';
import { Crowd } from '../../../../coordinator/limits/crowd.ts';
import { sourceOf } from '../../../../coordinator/limits/source.ts';
import { Line } from '../../../../coordinator/rpc/line.ts';
import { manualClock } from '../../../support/manual-clock.ts';

interface Named {
  readonly name: string;
  end(): void;
}

function guests() {
  const gone: string[] = [];
  const guest = (name: string): Named => ({ name, end: () => void gone.push(name) });
  return { gone, guest };
}

it('who comes once is next, however often another has come before', () => {
  const { gone, guest } = guests();
  const entered: string[] = [];
  const clock = manualClock();
  const limits = { rate: { burst: 1, perSecond: 1_000 }, each: 3, inAll: 100 };
  const line = new Line<Named>(limits, clock, ({ name }) => void entered.push(name));
  for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) line.join('a', guest(name));
  line.join('b', guest('b1'));
  expect(entered).toEqual(['a1']);
  expect(gone).toEqual(['a5']);
  for (let turn = 0; turn < 4; turn += 1) {
    clock.advance(1);
    line.serve();
  }
  expect(entered).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
  line.close();
});

it('a line that is too long loses the last of the one who has the most in it', () => {
  const { gone, guest } = guests();
  const limits = { rate: { burst: 0, perSecond: 0 }, each: 10, inAll: 3 };
  const line = new Line<Named>(limits, manualClock(), () => undefined);
  for (const name of ['a1', 'a2']) line.join('a', guest(name));
  for (const name of ['b1', 'c1']) line.join(name, guest(name));
  expect(gone).toEqual(['a2']);
  line.close();
  expect(gone).toEqual(['a2', 'a1', 'b1', 'c1']);
});

it('a full house puts out the oldest of the greediest, and of one at its own cap its own', () => {
  const { gone, guest } = guests();
  const crowd = new Crowd<Named>({ each: 3, inAll: 4 });
  for (const name of ['a1', 'a2', 'a3', 'a4']) crowd.enter('a', guest(name));
  expect(gone).toEqual(['a1']);
  const b1 = guest('b1');
  crowd.enter('b', b1);
  crowd.enter('c', guest('c1'));
  expect([gone, crowd.size]).toEqual([['a1', 'a2'], 4]);
  crowd.leave('b', b1);
  crowd.leave('b', b1);
  expect(crowd.size).toBe(3);
});

it('a source is an IPv4 address, or the network of an IPv6 one', () => {
  expect(sourceOf('10.0.0.1')).toBe('10.0.0.1');
  expect(sourceOf('2001:db8::7')).toBe(sourceOf('2001:db8:0:0:a:b:c:d'));
  expect(sourceOf('2001:db8:0:1::7')).not.toBe(sourceOf('2001:db8::7'));
  expect(sourceOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
});
