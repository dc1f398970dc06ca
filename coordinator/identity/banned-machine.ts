// A ban is of a machine as much as of a key: a new key is made in a second.
import type { NodeFacts } from '../../shared/model/facts.ts';
import { keys, type NodeRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { isMeaningful } from './origin.ts';

/** By its machine-id or product uuid, where these say anything. */
export async function isMachineBanned(
  store: Store,
  { facts }: { readonly facts: NodeFacts },
): Promise<boolean> {
  const nodes = await store.range<NodeRecord>(keys.nodes);
  return nodes.some(({ value: { state, origin } }) => {
    if (state !== 'banned' || origin === undefined) return false;
    const { machineId, productUuid } = facts;
    return (
      (isMeaningful(machineId) && machineId === origin.machineId) ||
      (isMeaningful(productUuid) && productUuid === origin.productUuid)
    );
  });
}
