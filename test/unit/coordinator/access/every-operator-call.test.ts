// Every call of the Operator service with everybody who might try it, against a real coordinator on the
// loopback.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  mayCall,
  operatorCalls,
  type Rank,
} from '../../../../coordinator/access/operator-calls.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { createClient, openChannel, type RpcClient } from '../../../../shared/rpc/client.ts';
import type { OperatorDefinition } from '../../../../shared/rpc/generated/muster/v1/Operator.ts';
import { services } from '../../../../shared/rpc/load.ts';
import { clientCredentials, fixedServerName } from '../../../../shared/rpc/tls.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { certificateFor } from '../../../support/fleet-certificate.ts';
import { openMemberChannel } from '../../../support/test-node.ts';
import { logIn, openOperator, type TestOperator } from '../../../support/test-operator.ts';

const call = { timeoutMs: 30_000 };
type Calls = RpcClient<OperatorDefinition>;
type Name = keyof Calls;

/** Written down here again, so that a change of the table is seen. */
const forViewers: readonly Name[] = ['Version', 'Get', 'Watch', 'Explain', 'Logs', 'RenewOperator'];
const forTheSocket: readonly Name[] = ['AddOperator'];
const names = Object.keys(services.operator) as Name[];

let coordinator: TestCoordinator;
let other: TestCoordinator;
let skipMs = 0;
const open: { close(): void }[] = [];
const operators = new Map<string, TestOperator>();

beforeAll(async () => {
  const clock = { ...systemClock, now: () => Date.now() + skipMs };
  coordinator = await startTestCoordinator({ clock });
  other = await startTestCoordinator();
  for (const role of ['viewer', 'admin']) {
    operators.set(role, await logIn(coordinator, `my-${role}`, role));
  }
});
afterAll(async () => {
  for (const one of [...open, ...operators.values()]) one.close();
  await other.stop();
  await coordinator.stop();
});

/** What became of a call with nothing in it: `let in` is any answer of a handler. */
async function outcome(calls: Calls, name: Name): Promise<string> {
  try {
    // Not 0: a watch from there would be held.
    await calls[name](name === 'Watch' ? { revision: -1 } : {}, call);
    return 'let in';
  } catch (thrown) {
    const { code } = thrown as { readonly code: string };
    return code === 'unauthenticated' || code === 'permission-denied' ? code : 'let in';
  }
}

async function outcomes(calls: Calls): Promise<Readonly<Record<string, string>>> {
  const all: Record<string, string> = {};
  for (const name of names) all[name] = await outcome(calls, name);
  return all;
}

const everywhere = (expected: string): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, expected]));

function asMember(identity: Parameters<typeof openMemberChannel>[1]): Calls {
  const channel = openMemberChannel(coordinator, identity);
  open.push({ close: () => channel.close() });
  return createClient<OperatorDefinition>(services.operator, channel);
}

describe('every operator’s call', () => {
  it('has a row in the table of who may make it', () => {
    expect(Object.keys(operatorCalls).sort()).toEqual([...names].sort());
    expect(names.filter((name) => mayCall('owner' as Rank, name))).toEqual([]);
  });

  it('is open to the coordinator’s own socket', async () => {
    // There is no certificate to renew.
    expect(await outcomes(coordinator.operator)).toEqual(everywhere('let in'));
  });

  it('is open to an admin, but for making operators', async () => {
    const seen = await outcomes(operators.get('admin')?.calls as Calls);
    const expected = names.map((name) => [
      name,
      forTheSocket.includes(name) || name === 'RenewOperator' ? seen[name] : 'let in',
    ]);
    expect(seen).toEqual(Object.fromEntries(expected));
    expect(seen['AddOperator']).toBe('permission-denied');
  });

  it('is refused to a viewer when it changes, makes or gives something', async () => {
    const seen = await outcomes(operators.get('viewer')?.calls as Calls);
    for (const name of names) {
      expect([name, seen[name]]).toEqual([
        name,
        forViewers.includes(name) ? 'let in' : 'permission-denied',
      ]);
    }
  });

  it('is refused without a certificate', async () => {
    const channel = openChannel({
      address: `127.0.0.1:${coordinator.grpcPort}`,
      credentials: clientCredentials(coordinator.caPem, null),
      options: fixedServerName,
    });
    open.push({ close: () => channel.close() });
    const calls = createClient<OperatorDefinition>(services.operator, channel);
    expect(await outcomes(calls)).toEqual(everywhere('unauthenticated'));
  });

  it('is refused to an agent', async () => {
    const node = await coordinator.join({ name: 'w1', number: 1 });
    expect(await outcomes(asMember(node))).toEqual(everywhere('unauthenticated'));
  });

  it('is refused to an operator of that name of another fleet', async () => {
    const theirs = await logIn(other, 'my-admin', 'admin');
    open.push(theirs);
    expect(await outcomes(asMember(theirs))).toEqual(everywhere('unauthenticated'));
  });

  it.each([
    ['a role that nobody has heard of', { name: 'my-admin', organization: 'muster:owner' }],
    ['no role', { name: 'my-admin' }],
    ['a name that is none', { name: 'My Admin', organization: 'muster:admin' }],
    ['a name without a record', { name: 'nobody', organization: 'muster:admin' }],
    ['another key than that of the record', { name: 'my-admin', organization: 'muster:admin' }],
  ])('is refused to a certificate of this fleet’s own CA with %s', async (_what, given) => {
    const identity = await certificateFor(coordinator, { unit: 'muster:operator', ...given });
    expect(await outcomes(asMember(identity))).toEqual(everywhere('unauthenticated'));
  });

  it('is refused to a viewer whose certificate says admin', async () => {
    const viewer = operators.get('viewer') as TestOperator;
    const forged = await certificateFor(coordinator, {
      unit: 'muster:operator',
      name: 'my-viewer',
      organization: 'muster:admin',
      keys: viewer.keys,
    });
    expect(await outcomes(asMember(forged))).toEqual(everywhere('unauthenticated'));
  });

  it('is refused to who was revoked', async () => {
    const gone = await logIn(coordinator, 'gone', 'admin');
    open.push(gone);
    expect(await outcome(gone.calls, 'Version')).toBe('let in');
    await coordinator.operator.RevokeOperator({ name: 'gone' }, call);
    expect(await outcomes(gone.calls)).toEqual(everywhere('unauthenticated'));
  });

  it('is refused to an expired certificate, on a connection that is older', async () => {
    const late = openOperator(coordinator, operators.get('admin') as TestOperator);
    open.push(late);
    expect(await outcome(late.calls, 'Version')).toBe('let in');
    skipMs = late.endsMs - Date.now() + 60_000;
    try {
      expect(await outcomes(late.calls)).toEqual(everywhere('unauthenticated'));
    } finally {
      skipMs = 0;
    }
  });
});
