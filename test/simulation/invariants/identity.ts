// Nobody here has a copy of another's key, so no identity may be locked, whatever is lost, late or doubled,
// however often agents start again.
import type { NodeRecord } from '../../../coordinator/store/records.ts';
import { keys } from '../../../coordinator/store/records.ts';
import type { Invariant } from './invariant.ts';

export const honestStay: Invariant = {
  name: 'no identity of an honest host is locked',
  watch: (_fleet, report) => {
    const polled = new Set<string>();
    return (event) => {
      if (event.kind === 'told') polled.add(`agent of ${event.host.name}`);
      // Another start of an agent that was heard of: what could be taken for a copy.
      if (event.kind === 'started' && polled.has(event.who)) report.seen();
      if (event.kind !== 'committed' || !event.key.startsWith(keys.nodes)) return;
      const node = event.value as NodeRecord | null;
      if (node?.state === 'locked')
        report.broken(`${node.name} is locked: ${node.lock?.what ?? 'nobody knows why'}`);
    };
  },
};
