import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { createOpenCalls } from '../../../../coordinator/access/open-calls.ts';
import { issueLeaf } from '../../../../coordinator/keys/certificate.ts';
import { certifiedOperators } from '../../../../coordinator/rpc/operators.ts';
import { keys, type OperatorRecord } from '../../../../coordinator/store/records.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { memoryStore } from '../../../fakes/store.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { newNodeKeys } from '../../../support/test-node.ts';

it('lets no call of an operator run that was revoked while the call was let in', async () => {
  const clock = manualClock();
  const store = memoryStore();
  const own = newNodeKeys();
  const { privateKey: caKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = await issueLeaf(
    { name: [{ CN: ['ca'] }], key: caKey },
    {
      subject: [{ CN: ['ann'] }, { OU: ['muster:operator'] }, { O: ['muster:viewer'] }],
      publicKey: own.spki,
      names: [],
      usages: ['client'],
      lifetimeMs: 60_000,
      now: clock.now(),
    },
  );
  const record: OperatorRecord = {
    name: 'ann',
    role: 'viewer',
    state: 'active',
    createdMs: 0,
    certificateTtlMs: 60_000,
    publicKey: own.spki.toString('base64'),
    loggedInMs: 0,
    loggedInFrom: '10.0.0.9',
    expiresMs: null,
    login: null,
  };
  await store.put(keys.operator('ann'), record, 0);
  const openCalls = createOpenCalls();
  let ran = 0;
  let reads = 0;
  const { guard, handlers } = certifiedOperators({
    store: {
      get: async (key) => {
        const found = await store.get<never>(key);
        reads += 1;
        // Right behind the first look, before the call is among those that can be ended.
        if (reads === 1 && found !== null) {
          await store.put(key, { ...record, state: 'revoked' }, found.revision);
          openCalls.end('ann');
        }
        return found;
      },
    },
    clock,
    log: silentLogger,
    audit: { append: async () => {} },
    refused: { note: async () => {} },
    openCalls,
    rates: { admit: () => undefined },
    handlersFor: () => {
      ran += 1;
      return {} as never;
    },
  });
  const context = {
    peerCertificate: new X509Certificate(pem).raw,
    peerAddress: '10.0.0.9:1',
    signal: new AbortController().signal,
  };
  await guard(context, 'Watch');
  const failure = await failureOf(handlers.Watch({ revision: 1 }, context));
  expect([failure.code, ran]).toEqual(['unauthenticated', 0]);
});
