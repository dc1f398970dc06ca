// What the holder of a token, good or over, has written down of hosts that were turned away: he chooses
// their keys and names, and comes as often as he likes.
import { beforeEach, expect, it } from 'vitest';
import { createChallenges } from '../../../../coordinator/enrollment/challenges.ts';
import { createJoin, type Join } from '../../../../coordinator/enrollment/join.ts';
import { createRateLimit } from '../../../../coordinator/enrollment/rate-limit.ts';
import { createRefusedJoins } from '../../../../coordinator/enrollment/refused-joins.ts';
import { createEventFeed } from '../../../../coordinator/events/event-feed.ts';
import { keys, type TokenRecord } from '../../../../coordinator/store/records.ts';
import { base64urlSha256 } from '../../../../shared/join-token.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { memoryStore } from '../../../fakes/store.ts';
import { aCluster, aFacts } from '../../../support/cluster-builders.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { recordedAudit } from '../../../support/quiet-parts.ts';
import { newNodeKeys, proofFor, requestFor } from '../../../support/test-node.ts';

const clock = manualClock();
const challenges = createChallenges(clock);
const secret = 'A'.repeat(43);
let audit: ReturnType<typeof recordedAudit>;
let join: Join;
const store = memoryStore();

beforeEach(async () => {
  audit = recordedAudit();
  join = createJoin({
    store,
    clock,
    log: silentLogger,
    audit,
    feed: createEventFeed(clock),
    challenges,
    limit: createRateLimit(clock),
    refused: createRefusedJoins(clock),
  });
  if ((await store.get(keys.cluster('lab'))) === null)
    await store.put(keys.cluster('lab'), aCluster(), 0);
});

async function tokenOfUses(id: string, uses: number): Promise<string> {
  const record: TokenRecord = {
    id,
    secretHash: base64urlSha256(secret),
    cluster: 'lab',
    pool: 'workers',
    createdMs: clock.now(),
    expiresMs: clock.now() + 3_600_000,
    uses,
    revoked: false,
    nodeName: null,
    sourceRange: null,
    standing: false,
    spentBy: [],
  };
  await store.put(keys.token(id), record, 0);
  return `${id}.${secret}`;
}

async function ask(credential: string, name: string) {
  const own = newNodeKeys();
  const nonce = challenges.create();
  return await join({
    credential,
    csr: await requestFor(own),
    nonce,
    nonceSignature: proofFor(own, nonce, credential),
    nodeName: name,
    facts: aFacts(name, '192.168.7.9'),
    agentVersion: '0.1.0',
    source: '10.0.0.66',
  });
}

const refusals = () => audit.entries.filter(({ event }) => event === 'join-refused');

it('with a token that is used up is written down twenty times, and the rest is counted', async () => {
  const credential = await tokenOfUses('mtaaaaaaaaaa', 0);
  const heard = new Set<string>();
  for (let count = 0; count < 30; count += 1)
    heard.add((await failureOf(ask(credential, 'w2'))).code);
  expect([...heard]).toEqual(['unauthenticated']);
  expect(refusals()).toHaveLength(20);
  clock.advance(30_000);
  await failureOf(ask(credential, 'w2'));
  expect(refusals().at(-1)).toMatchObject({ fields: { leftOut: 10 } });
});

it('with a good token, as the same host under ever new keys, is written down twenty times', async () => {
  const credential = await tokenOfUses('mtbbbbbbbbbb', 100);
  await ask(credential, 'w1');
  for (let count = 0; count < 30; count += 1)
    expect((await failureOf(ask(credential, 'w1'))).code).toBe('refused');
  expect(refusals()).toHaveLength(20);
});
