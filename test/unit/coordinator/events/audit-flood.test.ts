// The audit log keeps a gibibyte and drops its oldest files. So nobody may write to it as fast as he can
// call: he would push out what it says of others, and of himself. Each over the wire, on a whole coordinator.
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AuditEvent } from '../../../../coordinator/events/audit-log.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import { newNodeKeys, requestFor } from '../../../support/test-node.ts';
import { addOperator, logIn, loginOnce } from '../../../support/test-operator.ts';

let coordinator: TestCoordinator;
beforeEach(async () => {
  coordinator = await startTestCoordinator();
});
afterEach(async () => {
  await coordinator.stop();
});

const linesOf = async (event: AuditEvent): Promise<number> =>
  (await coordinator.audit()).filter((line) => line.event === event).length;

it('a stranger who tries login tokens is written down five times a minute', async () => {
  const guess = `ml${'a'.repeat(10)}.${'A'.repeat(43)}`;
  for (let count = 0; count < 8; count += 1)
    await failureOf(loginOnce(coordinator, guess, newNodeKeys()));
  expect(await linesOf('login-refused')).toBe(5);
});

it('an operator who logs in again and again with the token that he used is told to wait', async () => {
  const token = await addOperator(coordinator, 'ann', 'viewer');
  const keys = newNodeKeys();
  for (let count = 0; count < 6; count += 1) await loginOnce(coordinator, token, keys);
  const failure = await failureOf(loginOnce(coordinator, token, keys));
  expect(failure).toMatchObject({ code: 'rate-limited', retryable: true });
  expect(await linesOf('operator-login')).toBe(6);
});

it('a viewer who renews his certificate again and again is told to wait, and may read on', async () => {
  const viewer = await logIn(coordinator, 'ann', 'viewer');
  const csr = await requestFor(viewer.keys);
  const renew = () => viewer.calls.RenewOperator({ csr }, { timeoutMs: 30_000 });
  for (let count = 0; count < 10; count += 1) await renew();
  expect((await failureOf(renew())).code).toBe('rate-limited');
  expect(await linesOf('operator-renewed')).toBe(10);
  await viewer.calls.Version({}, { timeoutMs: 30_000 });
  viewer.close();
});
