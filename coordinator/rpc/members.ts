// The guard of the Fleet service. It runs before every handler, reads the node's state in the store
// each time, and leaves the node it found for the handler; a handler has no other way to a node.
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { CallContext } from '../../shared/rpc/handler.ts';
import { keys, type NodeRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { addressOf, identifyPeer } from './peer.ts';
import type { RefusedCalls } from './refused-calls.ts';

export interface Members {
  guard(context: CallContext, method: string): Promise<void>;
  /** The caller, as the guard found it. */
  caller(context: CallContext): NodeRecord;
  /** Reads the node again. @throws AppError as the guard does, when it is active no more. */
  requireActive(nodeId: NodeId): Promise<NodeRecord>;
}

export interface MemberDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly refused: RefusedCalls;
}

export function createMembers(deps: MemberDependencies): Members {
  const callers = new WeakMap<CallContext, NodeRecord>();

  const requireActive = async (nodeId: NodeId): Promise<NodeRecord> => {
    const stored = await deps.store.get<NodeRecord>(keys.node(nodeId));
    if (stored === null)
      throw new AppError('permission-denied', `node ${nodeId} is not known here`);
    if (stored.value.state === 'active') return stored.value;
    throw new AppError(
      'permission-denied',
      `node ${stored.value.name} (${nodeId}) is ${stored.value.state}: an operator decides what becomes of it`,
    );
  };

  return {
    requireActive,
    async guard(context, method) {
      try {
        const peer = identifyPeer(context.peerCertificate, deps.clock.now());
        if (peer.kind !== 'node') {
          throw new AppError('unauthenticated', "an operator's certificate is not a node's");
        }
        const node = await requireActive(peer.nodeId);
        if (node.publicKey !== peer.publicKey) {
          throw new AppError('unauthenticated', `node ${peer.nodeId} is known with another key`);
        }
        callers.set(context, node);
      } catch (thrown) {
        if (thrown instanceof AppError) {
          const source = addressOf(context.peerAddress);
          await deps.refused.note({ source, method, reason: thrown.message });
        }
        throw thrown;
      }
    },
    caller(context) {
      const node = callers.get(context);
      if (node === undefined) throw new AppError('internal', 'a member call came past its guard');
      return node;
    },
  };
}
