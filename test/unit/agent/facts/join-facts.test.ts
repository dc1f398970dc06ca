import { expect, it } from 'vitest';
import { factsForJoin } from '../../../../agent/facts/join-facts.ts';
import { planningFacts } from '../../../../shared/model/facts.ts';
import { aFacts } from '../../../support/cluster-builders.ts';

it('facts of a join are told as they are, unless they are longer than a stranger may be', () => {
  const facts = aFacts('w1', '192.168.7.1');
  expect(factsForJoin(facts)).toBe(facts);
  const routes = Array.from({ length: 2_000 }, (_, index) => ({
    destination: index === 0 ? 'default' : `10.${String(index >> 8)}.${String(index & 255)}.0/24`,
    gateway: null,
    interface: 'flannel.1',
    source: '192.168.7.1',
  }));
  const told = factsForJoin({ ...facts, routes });
  expect(Buffer.byteLength(JSON.stringify(told))).toBeLessThan(56 * 1024);
  expect(told.routes[0]).toMatchObject({ destination: 'default' });
  expect(planningFacts(told)).toEqual(planningFacts(facts));
});
