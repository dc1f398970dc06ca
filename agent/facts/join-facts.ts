// Facts as they are told at a join. A coordinator takes little of a stranger, and a host that was part
// of a large cluster has much to tell: its long lists are cut then, and told whole once it is a member.
import type { NodeFacts } from '../../shared/model/facts.ts';

/** In JSON. The message around it holds a certificate request and a token as well. */
const mostBytes = 56 * 1024;
const fewEnough = 100;

/** The same facts when they fit. Default routes stand first, and stay. Pure. */
export function factsForJoin(facts: NodeFacts): NodeFacts {
  if (Buffer.byteLength(JSON.stringify(facts)) <= mostBytes) return facts;
  const few = <T>(list: readonly T[] | 'unknown'): readonly T[] | 'unknown' =>
    list === 'unknown' ? list : list.slice(0, fewEnough);
  return {
    ...facts,
    routes: few(facts.routes),
    addresses: few(facts.addresses),
    ports: few(facts.ports),
    certificates: few(facts.certificates),
    leftovers: few(facts.leftovers),
  };
}
