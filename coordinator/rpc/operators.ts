// The guard of the Operator service. It finds out who calls, reads that operator's record in the store
// each time, asks the table whether this caller may make this call, and writes a call that changes
// something down before it is begun: what cannot be written down is not done. Handlers are made for the
// caller that was found and have no other way to one.
import { userInfo } from 'node:os';
import type { Clock } from '../../shared/clock.ts';
import { AppError, isAbort, toAppError } from '../../shared/errors.ts';
import { following } from '../../shared/following.ts';
import type { Logger } from '../../shared/log.ts';
import type { OperatorDefinition } from '../../shared/rpc/generated/muster/v1/Operator.ts';
import type { CallContext, Handlers } from '../../shared/rpc/handler.ts';
import { type Caller, callerFields } from '../access/caller.ts';
import { judgeOperator } from '../access/judge-operator.ts';
import type { OpenCalls } from '../access/open-calls.ts';
import { mayCall, type OperatorCall, operatorCalls } from '../access/operator-calls.ts';
import type { OperatorRates } from '../access/operator-rates.ts';
import type { AuditLog } from '../events/audit-log.ts';
import { keys, type OperatorRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { addressOf, identifyPeer } from './peer.ts';
import type { RefusedCalls } from './refused-calls.ts';

export interface OperatorGuardDependencies {
  readonly store: Pick<Store, 'get'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly refused: RefusedCalls;
  readonly openCalls: OpenCalls;
  readonly rates: OperatorRates;
  readonly handlersFor: (caller: Caller) => Handlers<OperatorDefinition>;
}

type Identify = (context: CallContext) => Promise<Caller>;

export interface OperatorDoor {
  /** Before anything of a request is read. @throws AppError unauthenticated, permission-denied */
  guard(context: CallContext, method: string): Promise<void>;
  readonly handlers: Handlers<OperatorDefinition>;
}

/** For the open port: an operator's certificate. */
export function certifiedOperators(deps: OperatorGuardDependencies): OperatorDoor {
  return guarded(deps, async ({ peerCertificate, peerAddress }) => {
    const peer = identifyPeer(peerCertificate, deps.clock.now());
    if (peer.kind !== 'operator') {
      throw new AppError('unauthenticated', "this call needs an operator's certificate");
    }
    const stored = await deps.store.get<OperatorRecord>(keys.operator(peer.name));
    const verdict = judgeOperator(stored?.value ?? null, peer);
    if (verdict.kind === 'refused') throw new AppError('unauthenticated', verdict.why);
    const { name, publicKey } = peer;
    return { name, rank: verdict.role, source: addressOf(peerAddress), publicKey };
  });
}

/**
 * For the socket: only the coordinator's own user and root can enter its folder. Which of the two it is,
 * or who became root, the kernel does not tell a program of Node.
 */
export function localOperators(deps: OperatorGuardDependencies): OperatorDoor {
  const caller: Caller = {
    name: `${userName()}@local`,
    rank: 'local',
    source: 'socket',
    publicKey: null,
  };
  return guarded(deps, async () => caller);
}

/** A user without an entry in the system's list is its number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

function guarded(deps: OperatorGuardDependencies, identify: Identify): OperatorDoor {
  const callers = new WeakMap<CallContext, Caller>();
  const polled = rememberSome();
  const names = Object.keys(operatorCalls) as OperatorCall[];
  const handlers = names.map((call) => {
    const handler = async (request: never, context: CallContext): Promise<object> => {
      const caller = callers.get(context);
      if (caller === undefined) {
        throw new AppError('internal', "an operator's call came past its guard");
      }
      const entry = await writeDown(deps, { caller, call, request, polled });
      return await run(deps, { identify, caller, call, request, context, entry });
    };
    return [call, handler] as const;
  });
  return {
    guard: async (context, method) => {
      const call = method as OperatorCall;
      callers.set(context, await admit(deps, { identify, context, call }));
    },
    handlers: Object.fromEntries(handlers) as unknown as Handlers<OperatorDefinition>,
  };
}

interface Attempt {
  readonly identify: Identify;
  readonly context: CallContext;
  readonly call: OperatorCall;
}

async function admit(deps: OperatorGuardDependencies, attempt: Attempt): Promise<Caller> {
  const { context, call } = attempt;
  let caller: Caller | null = null;
  try {
    caller = await attempt.identify(context);
    if (mayCall(caller.rank, call)) return caller;
    throw new AppError('permission-denied', tooLow(caller, call));
  } catch (thrown) {
    if (thrown instanceof AppError) {
      const source = addressOf(context.peerAddress);
      const who = caller === null ? { source } : callerFields(caller);
      await deps.refused.note({ ...who, source, method: call, reason: thrown.message });
    }
    throw thrown;
  }
}

function tooLow({ name, rank }: Caller, call: OperatorCall): string {
  const { least } = operatorCalls[call];
  const whom = least === 'local' ? "for the coordinator's own host" : `for ${least}s`;
  return `${name} is a${rank === 'admin' ? 'n' : ''} ${rank}: ${call} is ${whom}`;
}

interface Written {
  readonly caller: Caller;
  readonly call: OperatorCall;
  readonly request: never;
  readonly polled: (key: string) => boolean;
}

/** Null for a call that only reads. */
async function writeDown(
  deps: OperatorGuardDependencies,
  { caller, call, request, polled }: Written,
): Promise<object | null> {
  const { about, isPolled } = operatorCalls[call];
  if (about === null) return null;
  const entry = { call, about: about(request), ...callerFields(caller) };
  if (isPolled === true && polled(JSON.stringify(entry))) return entry;
  deps.rates.admit(caller);
  await deps.audit.append('operator-call', entry);
  return entry;
}

interface Running {
  readonly identify: Identify;
  readonly caller: Caller;
  readonly call: OperatorCall;
  readonly request: never;
  readonly context: CallContext;
  readonly entry: object | null;
}

async function run(deps: OperatorGuardDependencies, running: Running): Promise<object> {
  const { identify, caller, call, request, context, entry } = running;
  const open = deps.openCalls.open(caller.name);
  using either = following(context.signal, open.signal);
  const { signal } = either;
  try {
    // Once more: who was revoked before this call could be ended would not be noticed.
    await identify(context);
    return await deps.handlersFor(caller)[call](request, { ...context, signal });
  } catch (thrown) {
    if (isAbort(thrown) && open.signal.aborted) {
      throw new AppError(
        'unauthenticated',
        `operator ${caller.name} was revoked, or logged in anew`,
      );
    }
    if (entry !== null && !isAbort(thrown)) await noteFailure(deps, entry, thrown);
    throw thrown;
  } finally {
    deps.openCalls.close(caller.name, open);
  }
}

async function noteFailure(
  deps: OperatorGuardDependencies,
  entry: object,
  thrown: unknown,
): Promise<void> {
  const { code, message } = toAppError(thrown);
  try {
    await deps.audit.append('operator-call-failed', { ...entry, code, reason: message });
  } catch (err) {
    // The call has failed already, and its beginning is written down.
    deps.log.error({ err }, 'the end of an operator’s call was not written to the audit log');
  }
}

const remembered = 200;

/** True for what was said lately. */
function rememberSome(): (key: string) => boolean {
  const keys = new Set<string>();
  return (key) => {
    if (keys.has(key)) return true;
    keys.add(key);
    for (const oldest of keys) {
      if (keys.size <= remembered) break;
      keys.delete(oldest);
    }
    return false;
  };
}
