// What is written down of an operator's calls, against a real coordinator on the loopback.
import { afterEach, expect, it } from 'vitest';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import { logIn } from '../../../support/test-operator.ts';

let coordinator: TestCoordinator;
afterEach(() => coordinator.stop());
const call = { timeoutMs: 30_000 };

it('says who, what, on what and how it ended, of what was refused too', async () => {
  coordinator = await startTestCoordinator();
  const ann = await logIn(coordinator, 'ann', 'admin');
  const bob = await logIn(coordinator, 'bob', 'viewer');
  await ann.calls.CreateToken({ pool: 'workers', ttlSeconds: 60, uses: 1 }, call);
  await failureOf(ann.calls.ChangeToken({ id: 'mt0000000000', action: 'revoke' }, call));
  await failureOf(bob.calls.Retry({ node: 'w\u001b[2J1' }, call));
  await bob.calls.Get({ kind: 'nodes' }, call);
  await coordinator.operator.RevokeOperator({ name: 'bob' }, call);
  ann.close();
  bob.close();
  const user = `${process.getuid?.() === 0 ? 'root' : process.env['USER']}@local`;
  const lines = await coordinator.audit();
  const own = lines.filter(({ event }) => /^(operator|token|call)/.test(event));
  expect(own.map((line) => [line.event, line['operator'], line['role'], line['source']])).toEqual([
    ['operator-call', user, 'local', 'socket'],
    ['operator-added', user, 'local', 'socket'],
    ['operator-login', 'ann', 'admin', '127.0.0.1'],
    ['operator-call', user, 'local', 'socket'],
    ['operator-added', user, 'local', 'socket'],
    ['operator-login', 'bob', 'viewer', '127.0.0.1'],
    ['operator-call', 'ann', 'admin', '127.0.0.1'],
    ['token-created', 'ann', 'admin', '127.0.0.1'],
    ['operator-call', 'ann', 'admin', '127.0.0.1'],
    ['operator-call-failed', 'ann', 'admin', '127.0.0.1'],
    ['call-refused', 'bob', 'viewer', '127.0.0.1'],
    ['operator-call', user, 'local', 'socket'],
    ['operator-revoked', user, 'local', 'socket'],
  ]);
  expect(own[6]).toMatchObject({ call: 'CreateToken', about: { pool: 'workers', uses: 1 } });
  expect(own[9]).toMatchObject({
    call: 'ChangeToken',
    about: { tokenId: 'mt0000000000', action: 'revoke' },
    code: 'not-found',
  });
  expect(own[10]).toMatchObject({ method: 'Retry', reason: expect.stringContaining('viewer') });
});

it('ends what an operator has open as soon as it is revoked', async () => {
  coordinator = await startTestCoordinator();
  const ann = await logIn(coordinator, 'ann', 'viewer');
  const { revision } = await ann.calls.Get({ kind: 'tokens' }, call);
  const watch = failureOf(ann.calls.Logs({ follow: true, after: Number.MAX_SAFE_INTEGER }, call));
  const began = performance.now();
  await ann.calls.Watch({ revision: revision - 1 }, call);
  await coordinator.operator.RevokeOperator({ name: 'ann' }, call);
  expect((await watch).code).toBe('unauthenticated');
  // The coordinator holds it for 20 s.
  expect(performance.now() - began).toBeLessThan(15_000);
  ann.close();
});
