// What a host is told that may not call: its agent writes it into its log, and it names the way out.
import type { NodeRecord } from '../store/records.ts';

export function stateSentence(node: NodeRecord): string {
  const { name, id, state, lock } = node;
  const who = `node ${name} (${id})`;
  switch (state) {
    case 'active':
      return `${who} is active`;
    case 'locked':
      return lock === undefined
        ? `${who} is locked: \`coordinator node approve ${name}\` lets it go on`
        : `${who} is locked: it ${lock.what}, heard from ${lock.addresses.join(' and ')}; stop the copy, then \`coordinator node approve ${name}\` lets this one go on`;
    case 'evicted':
      return `${who} is evicted: it may join again with a new token (into /etc/muster/join-token, then restart the agent)`;
    case 'banned':
      return `${who} is banned: it may not come back before \`coordinator node approve ${name}\``;
    case 'retired':
      return `${who} is retired: it was removed and may join again, as a new node, with a new token (into /etc/muster/join-token, then restart the agent)`;
  }
}
