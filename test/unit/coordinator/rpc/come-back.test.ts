// The agent's own way back against a real coordinator on the loopback: its certificate ended while it was
// away, and by its key alone it gets one that counts.
import { X509Certificate } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { createComeBack } from '../../../../agent/identity/come-back.ts';
import type { Identity } from '../../../../agent/identity/identity.ts';
import { openEnrollment } from '../../../../agent/link/enrollment-client.ts';
import { keys, type NodeRecord } from '../../../../coordinator/store/records.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { startTestCoordinator } from '../../../support/coordinator.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import { openNode, requestFor } from '../../../support/test-node.ts';

it('a member whose certificate has ended is nobody, comes back by its key, and calls again', async () => {
  let pastMs = 25 * 3_600_000;
  const clock = { ...systemClock, now: () => Date.now() - pastMs };
  const coordinator = await startTestCoordinator({ clock });
  onTestFinished(() => coordinator.stop());
  const node = await coordinator.join({ name: 'w1', number: 1 });
  pastMs = 0;
  expect((await failureOf(node.poll())).code).toBe('unauthenticated');

  const coordinators = [`127.0.0.1:${coordinator.grpcPort}`];
  const comeBack = createComeBack({ coordinators, openEnrollment });
  const identity = {
    caPem: coordinator.caPem,
    counter: 1,
    nodeKey: { key: node.keys.key },
  } as unknown as Identity;
  const csr = await requestFor(node.keys);
  const { signal } = new AbortController();
  const answer = await comeBack(identity, csr, signal);
  expect(answer.counter).toBe(2);
  const chainPem = answer.chain.map((der) => new X509Certificate(der).toString()).join('');
  const keySet = await coordinator.keySet();
  const back = openNode(coordinator, { keys: node.keys, name: 'w1', keySet, chainPem });
  await back.poll();
  back.close();
  const record = await coordinator.store.get<NodeRecord>(keys.node(node.nodeId));
  expect(record?.value).toMatchObject({
    state: 'active',
    counter: 2,
    returns: [expect.any(Number)],
  });
});
