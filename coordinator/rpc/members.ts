// The guard of the Fleet service. It runs before every handler, reads the node's state in the store
// each time, and leaves the node it found for the handler; a handler has no other way to a node.
import { sha256Hex } from '../../shared/canonical.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { CallContext } from '../../shared/rpc/handler.ts';
import { acknowledged } from '../identity/judge-renewal.ts';
import { stateSentence } from '../identity/state-sentences.ts';
import { keys, type NodeRecord } from '../store/records.ts';
import { type Store, update } from '../store/store.ts';
import type { PresentedCertificate } from './fleet/renew.ts';
import { addressOf, identifyPeer, presentedDates } from './peer.ts';
import type { RefusedCalls } from './refused-calls.ts';

export interface Members {
  guard(context: CallContext, method: string): Promise<void>;
  /** The caller, as the guard found it. */
  caller(context: CallContext): NodeRecord;
  /** What the call came with. @throws AppError unauthenticated without a certificate */
  presented(context: CallContext): PresentedCertificate;
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

  const read = async (nodeId: NodeId): Promise<NodeRecord> => {
    const stored = await deps.store.get<NodeRecord>(keys.node(nodeId));
    if (stored !== null) return stored.value;
    throw new AppError('permission-denied', `node ${nodeId} is not known here`);
  };

  const requireActive = async (nodeId: NodeId): Promise<NodeRecord> => {
    const node = await read(nodeId);
    if (node.state === 'active') return node;
    throw new AppError('permission-denied', stateSentence(node));
  };

  return {
    requireActive,
    async guard(context, method) {
      try {
        const peer = identifyPeer(context.peerCertificate, deps.clock.now());
        if (peer.kind !== 'node') {
          throw new AppError('unauthenticated', "an operator's certificate is not a node's");
        }
        const node = await read(peer.nodeId);
        if (node.publicKey !== peer.publicKey) {
          throw new AppError('unauthenticated', `node ${peer.nodeId} is known with another key`);
        }
        // One that was removed is heard once more: to be told to stop what it does.
        const isFarewell = node.state === 'retired' && method === 'PullPlan';
        if (node.state !== 'active' && !isFarewell) {
          throw new AppError('permission-denied', stateSentence(node));
        }
        callers.set(context, await noteCertificate(deps.store, node, context));
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
    presented({ peerCertificate, peerAddress }) {
      if (peerCertificate === null)
        throw new AppError('unauthenticated', 'this call needs a certificate');
      return {
        notBeforeMs: presentedDates(peerCertificate).notBeforeMs,
        source: addressOf(peerAddress),
      };
    },
  };
}

/** The first call under a certificate is what acknowledges it. */
async function noteCertificate(
  store: Store,
  node: NodeRecord,
  { peerCertificate, peerAddress }: CallContext,
): Promise<NodeRecord> {
  const isKnown = node.renewal === undefined && node.certificate !== undefined;
  if (peerCertificate === null || isKnown) return node;
  const leafSha256 = sha256Hex(peerCertificate);
  const from = addressOf(peerAddress);
  const noted = await update<NodeRecord>(store, keys.node(node.id), (current) => {
    if (current === null) return null;
    const next = acknowledged(current, leafSha256);
    if (next !== null || current.certificate !== undefined) return next;
    return { ...current, certificate: { ...presentedDates(peerCertificate), from } };
  });
  return noted ?? node;
}
