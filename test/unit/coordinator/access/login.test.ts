// From a login token to an operator, and to nobody again.
import { describe, expect, it } from 'vitest';
import { auditBy, type Caller } from '../../../../coordinator/access/caller.ts';
import { BAD_LOGIN_TEXT, login, renewOperator } from '../../../../coordinator/access/login.ts';
import {
  addOperator,
  type OperatorOptions,
  revokeOperator,
} from '../../../../coordinator/access/operator-accounts.ts';
import { createRateLimit } from '../../../../coordinator/enrollment/rate-limit.ts';
import { type OperatorRecord, keys as recordKeys } from '../../../../coordinator/store/records.ts';
import { AppError } from '../../../../shared/errors.ts';
import { base64urlSha256 } from '../../../../shared/join-token.ts';
import { memoryStore } from '../../../fakes/store.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { type NodeKeys, newNodeKeys, requestFor } from '../../../support/test-node.ts';

const hour = 3_600_000;
const day = 24 * hour;

function world() {
  const store = memoryStore();
  const clock = manualClock();
  const audited: { readonly event: string; readonly fields: Record<string, unknown> }[] = [];
  const audit = {
    append: async (event: string, fields: object) =>
      void audited.push({ event, fields: { ...fields } }),
    close: async () => {},
  };
  const ended: string[] = [];
  const keys = {
    pin: base64urlSha256('pin'),
    issueOperatorCertificate: async (request: { name: string; role: string; lifetimeMs: number }) =>
      `${request.name} ${request.role} ${request.lifetimeMs}`,
  };
  const deps = { store, clock, audit, keys };
  const limit = createRateLimit(clock);
  return {
    ...deps,
    audited,
    ended,
    add: (options: Partial<OperatorOptions> = {}) =>
      addOperator(deps, { name: 'ann', role: 'admin', ttlMs: 0, certificateTtlMs: 0, ...options }),
    revoke: (name: string) => revokeOperator(deps, name),
    login: async (token: string, key: NodeKeys | null, source = '10.0.0.9') =>
      await login(
        { ...deps, limit, endSessions: (name) => ended.push(name) },
        {
          credential: token.split('.').slice(0, 2).join('.'),
          csr: key === null ? Buffer.from('x') : await requestFor(key),
          source,
        },
      ),
    renew: async (key: NodeKeys, caller: Caller) =>
      await renewOperator(
        { ...deps, audit: auditBy(audit, caller) },
        caller,
        await requestFor(key),
      ),
    record: async () => (await store.get<OperatorRecord>(recordKeys.operator('ann')))?.value,
  };
}

const base64 = (key: NodeKeys): string => key.spki.toString('base64');
const asCaller = (key: NodeKeys): Caller => ({
  name: 'ann',
  rank: 'admin',
  source: '10.0.0.9',
  publicKey: base64(key),
});

describe('a login token', () => {
  it('makes one key the operator, with a certificate as the record says', async () => {
    const { add, login: logIn, record } = world();
    const key = newNodeKeys();
    const { token } = await add({ role: 'viewer', certificateTtlMs: 7 * day });
    expect(token).toMatch(/^ml[a-z2-7]{10}\.[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}$/);
    const { certificatePem } = await logIn(token, key);
    expect(certificatePem).toBe(`ann viewer ${7 * day}`);
    expect(await record()).toMatchObject({ publicKey: base64(key), loggedInFrom: '10.0.0.9' });
  });

  it('is stored as a hash', async () => {
    const { add, record } = world();
    const [, secret = 'none'] = (await add()).token.split('.');
    expect(JSON.stringify(await record())).not.toContain(secret);
    expect((await record())?.login?.secretHash).toBe(base64urlSha256(secret));
  });

  it('is used once: the same key may ask again, another may not', async () => {
    const { add, login: logIn, clock, record } = world();
    const { token } = await add();
    const key = newNodeKeys();
    await logIn(token, key);
    clock.advance(1_000);
    await logIn(token, key);
    expect((await failureOf(logIn(token, newNodeKeys()))).message).toBe(BAD_LOGIN_TEXT);
    expect((await record())?.publicKey).toBe(base64(key));
    clock.advance(hour);
    expect((await failureOf(logIn(token, key))).code).toBe('unauthenticated');
  });

  it('lets one of many keys in that come at once', async () => {
    const { add, login: logIn, record, audited } = world();
    const { token } = await add();
    const candidates = Array.from({ length: 8 }, newNodeKeys);
    const done = await Promise.allSettled(
      candidates.map((key, index) => logIn(token, key, `10.0.0.${index}`)),
    );
    const winners = candidates.filter((_, index) => done[index]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect(audited.filter(({ event }) => event === 'operator-login')).toHaveLength(1);
    expect((await record())?.publicKey).toBe(base64(winners[0] as NodeKeys));
  });

  it.each([
    ['wrong', (token: string) => token.replace(/\..{43}\./, `.${'A'.repeat(43)}.`), 'wrong-secret'],
    ['unknown', (token: string) => `mlaaaaaaaaaa${token.slice(12)}`, 'unknown'],
    ['no token', () => 'x', 'malformed'],
    ['a join token', (token: string) => token.replace(/^ml/, 'mt'), 'malformed'],
  ])(
    'that is %s gets the same answer as any other, and the reason is in the audit log',
    async (_what, spoil, reason) => {
      const { add, login: logIn, audited } = world();
      const { token } = await add();
      const failure = await failureOf(logIn(spoil(token), newNodeKeys()));
      expect([failure.code, failure.message]).toEqual(['unauthenticated', BAD_LOGIN_TEXT]);
      expect(audited.at(-1)).toMatchObject({ event: 'login-refused', fields: { reason } });
      expect(JSON.stringify(audited)).not.toContain(token.split('.')[1]);
    },
  );

  it('is worth nothing once its operator is revoked, or has a newer one', async () => {
    const { add, login: logIn, revoke } = world();
    const { token: first } = await add();
    const { token: second } = await add();
    expect((await failureOf(logIn(first, newNodeKeys()))).code).toBe('unauthenticated');
    await revoke('ann');
    expect((await failureOf(logIn(second, newNodeKeys()))).code).toBe('unauthenticated');
  });

  it('cannot be tried again and again from one place', async () => {
    const { add, login: logIn } = world();
    await add();
    const failures: string[] = [];
    for (let n = 0; n < 8; n += 1) {
      failures.push((await failureOf(logIn('x', newNodeKeys()))).code);
    }
    expect(failures.slice(-1)).toEqual(['rate-limited']);
  });

  it('is not refused for what somebody else tried from the same place', async () => {
    const { add, login: logIn, audited } = world();
    const { token } = await add();
    for (let n = 0; n < 50; n += 1) await failureOf(logIn('x', null));
    expect(audited.filter(({ event }) => event === 'login-refused')).toHaveLength(5);
    expect((await logIn(token, newNodeKeys())).record.name).toBe('ann');
  });

  it('with a request that is none spends nothing', async () => {
    const { add, login: logIn } = world();
    const { token } = await add();
    expect((await failureOf(logIn(token, null))).code).toBe('invalid');
    expect((await logIn(token, newNodeKeys())).record.name).toBe('ann');
  });
});

describe('an operator', () => {
  it('keeps the key it has until another login is used, and then has that one', async () => {
    const { add, login: logIn, record, ended } = world();
    const [old, fresh] = [newNodeKeys(), newNodeKeys()];
    await logIn((await add()).token, old);
    const { token } = await add();
    expect((await record())?.publicKey).toBe(base64(old));
    ended.length = 0;
    await logIn(token, fresh);
    expect((await record())?.publicKey).toBe(base64(fresh));
    expect(ended).toEqual(['ann']);
  });

  it('has no key any more when it comes back after it was revoked', async () => {
    const { add, login: logIn, revoke, record } = world();
    await logIn((await add()).token, newNodeKeys());
    await revoke('ann');
    await add({ role: 'viewer' });
    expect(await record()).toMatchObject({ state: 'active', role: 'viewer', publicKey: null });
  });

  it('changes its role only by way of a revocation', async () => {
    const { add } = world();
    await add();
    const failure = await failureOf(add({ role: 'viewer' }));
    expect([failure.code, failure.message]).toEqual([
      'conflict',
      expect.stringContaining('`coordinator operator revoke ann` first'),
    ]);
  });

  it.each([
    ['a name of other letters', { name: 'Ann' }],
    ['a name that could be a path', { name: '../ann' }],
    ['a name that could be the socket’s', { name: 'root@local' }],
    ['a name with a control character', { name: 'ann\u001b[2J' }],
    ['no name', { name: '' }],
    ['another role', { role: 'owner' }],
    ['no role', { role: '' }],
    ['a token that lives too long', { ttlMs: 25 * hour }],
    ['a certificate that lives too long', { certificateTtlMs: 91 * day }],
    ['a certificate of a negative life', { certificateTtlMs: -1 }],
  ])('is not added with %s', async (_what, options) => {
    const { add, store } = world();
    const failure = await failureOf(add(options));
    expect(failure).toBeInstanceOf(AppError);
    expect(failure.code).toBe('usage');
    expect(failure.message).toMatch(/^[ -~…]*$/);
    expect(await store.range(recordKeys.operators)).toEqual([]);
  });

  it('renews its certificate with its own key, and with no other', async () => {
    const { add, login: logIn, renew, clock, record } = world();
    const key = newNodeKeys();
    await logIn((await add()).token, key);
    clock.advance(10 * day);
    expect(await renew(key, asCaller(key))).toBe(`ann admin ${30 * day}`);
    expect((await record())?.expiresMs).toBe(clock.now() + 30 * day);
    expect((await failureOf(renew(newNodeKeys(), asCaller(key)))).code).toBe('permission-denied');
  });

  it('that was revoked while it asked is not renewed', async () => {
    const { add, login: logIn, renew, revoke } = world();
    const key = newNodeKeys();
    await logIn((await add()).token, key);
    await revoke('ann');
    expect((await failureOf(renew(key, asCaller(key)))).code).toBe('permission-denied');
  });

  it('is named in what it does', async () => {
    const { add, login: logIn, audited, renew } = world();
    const key = newNodeKeys();
    await logIn((await add()).token, key);
    await renew(key, asCaller(key));
    expect(audited.map(({ event }) => event)).toEqual([
      'operator-added',
      'operator-login',
      'operator-renewed',
    ]);
    expect(audited.at(-1)?.fields).toMatchObject({
      operator: 'ann',
      role: 'admin',
      source: '10.0.0.9',
    });
  });
});
