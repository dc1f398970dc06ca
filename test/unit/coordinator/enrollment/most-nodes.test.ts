// A token that leaked, with uses without end, still cannot make the fleet grow without end.
import { expect, it } from 'vitest';
import { createChallenges } from '../../../../coordinator/enrollment/challenges.ts';
import { createRateLimit } from '../../../../coordinator/enrollment/rate-limit.ts';
import { refuseDuplicate } from '../../../../coordinator/enrollment/refuse-duplicate.ts';
import { createRefusedJoins } from '../../../../coordinator/enrollment/refused-joins.ts';
import { createEventFeed } from '../../../../coordinator/events/event-feed.ts';
import { keys, type NodeRecord, type TokenRecord } from '../../../../coordinator/store/records.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { asNodeId } from '../../../../shared/model/ids.ts';
import { memoryStore } from '../../../fakes/store.ts';
import { aCluster, aFacts, aNode } from '../../../support/cluster-builders.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { recordedAudit } from '../../../support/quiet-parts.ts';

it('a fleet of five thousand nodes takes no more, but for one that it has', async () => {
  const clock = manualClock();
  const store = memoryStore();
  await store.put(keys.cluster('lab'), aCluster(), 0);
  const { record } = aNode('w1', 1);
  for (let number = 0; number < 5_000; number += 1) {
    const id = asNodeId(number.toString(16).padStart(16, '0'));
    const node: NodeRecord = { ...record, id, name: `w${String(number)}` };
    await store.put(keys.node(id), node, 0);
  }
  const deps = {
    store,
    clock,
    log: silentLogger,
    audit: recordedAudit(),
    feed: createEventFeed(clock),
    challenges: createChallenges(clock),
    limit: createRateLimit(clock),
    refused: createRefusedJoins(clock),
  };
  const token: TokenRecord = {
    id: 'mtaaaaaaaaaa',
    secretHash: '',
    cluster: 'lab',
    pool: record.pool,
    createdMs: 0,
    expiresMs: 0,
    uses: 10_000,
    revoked: false,
    nodeName: null,
    sourceRange: null,
    standing: false,
    spentBy: [],
  };
  const ask = (nodeId: string, number: number): Promise<void> => {
    const name = `w${String(number)}`;
    const facts = aFacts(name, `10.1.0.${String(number % 250)}`);
    const proof = {
      credential: '',
      csr: Buffer.of(),
      nonce: Buffer.of(),
      nonceSignature: Buffer.of(),
    };
    const applicant = {
      ...proof,
      nodeId: asNodeId(nodeId),
      publicKey: '',
      nodeName: name,
      name,
      facts,
      agentVersion: '0.1.0',
      source: '10.1.0.9',
    };
    return refuseDuplicate(deps, applicant, token);
  };
  await expect(ask('f'.repeat(16), 6_000)).rejects.toThrow(/has 5000 nodes, and takes no more/);
  await ask('0'.repeat(16), 0);
});
