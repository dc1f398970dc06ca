// A member that comes back after its certificate had ended: it proves the key that it joined with, by its
// signature over our nonce, and tells its counter. No token is spent and nothing on the host is wiped.
import { createHash, verify } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import { countedReturns, judgeReturn } from '../identity/judge-return.ts';
import { lockIdentity, otherAddress } from '../identity/lock-identity.ts';
import { nextCertificate, wireChain } from '../identity/next-certificate.ts';
import { stateSentence } from '../identity/state-sentences.ts';
import { keyOfRequest, nodeIdOf } from '../keys/certificate-request.ts';
import type { Keys } from '../keys/keys.ts';
import { type NodeRecord, keys as recordKeys } from '../store/records.ts';
import type { JoinDependencies } from './join-dependencies.ts';

export interface ReturnClaim {
  readonly csr: Uint8Array;
  readonly nonce: Uint8Array;
  readonly nonceSignature: Uint8Array;
  readonly counter: number;
  /** The caller's address without port. */
  readonly source: string;
}

export interface ReturnDependencies extends JoinDependencies {
  readonly keys: Pick<Keys, 'issueNodeCertificate'>;
  /** The node's open poll looks again. */
  readonly wake: (nodeId: string) => void;
}

/** What is signed beside the nonce, in the place of a token's digest. */
const purpose = createHash('sha256').update('muster/return/v1').digest();
const signatureBytes = 64;

/** @throws AppError conflict (nonce), unauthenticated (proof, no such node), permission-denied, refused */
export async function comeBack(
  deps: ReturnDependencies,
  claim: ReturnClaim,
): Promise<{ certificateChain: Buffer[]; counter: number }> {
  const { node, spki } = await provenMember(deps, claim);
  const { counter: told, source, csr } = claim;
  const next = await nextCertificate(deps, {
    nodeId: node.id,
    csr,
    spki,
    told,
    presentedFromMs: null,
    source,
    admit: (record, now) => admitted(deps, { record, now, source }),
  });
  if (next.kind === 'copy') {
    const { what } = next;
    const known = [node.renewal?.from, node.certificate?.from, node.joinedFrom];
    const addresses = [source, otherAddress(source, known)] as const;
    throw await lockIdentity(deps, node.id, { reason: 'counter', what, addresses });
  }
  const { renewal, isRepeat } = next;
  if (!isRepeat) await tell(deps, next.node, source);
  return { certificateChain: wireChain(renewal), counter: renewal.counter };
}

async function provenMember(
  deps: ReturnDependencies,
  claim: ReturnClaim,
): Promise<{ readonly node: NodeRecord; readonly spki: Uint8Array }> {
  if (!Number.isSafeInteger(claim.counter) || claim.counter < 0) {
    throw new AppError('invalid', `a counter is 0 or more, not ${claim.counter}`);
  }
  const { key, spki } = await keyOfRequest(claim.csr);
  const message = Buffer.concat([claim.nonce, purpose]);
  const isProven =
    claim.nonceSignature.length === signatureBytes &&
    verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, claim.nonceSignature);
  const stored = await deps.store.get<NodeRecord>(recordKeys.node(nodeIdOf(spki)));
  const isKnown = stored?.value.publicKey === Buffer.from(spki).toString('base64');
  if (!isProven || stored === null || !isKnown) {
    deps.limit.mayFail(claim.source);
    deps.limit.failed(claim.source);
    throw new AppError(
      'unauthenticated',
      'no member of this fleet has proven its key: join with a token',
    );
  }
  // Spent nonces are remembered: only members may make us remember any.
  if (!deps.challenges.spend(claim.nonce)) {
    throw new AppError('conflict', 'the challenge was used or is too old: ask for another', {
      retryable: true,
    });
  }
  if (stored.value.state !== 'active') {
    throw new AppError('permission-denied', stateSentence(stored.value));
  }
  return { node: stored.value, spki };
}

interface Asking {
  readonly record: NodeRecord;
  readonly now: number;
  readonly source: string;
}

/** @throws AppError refused */
function admitted(deps: ReturnDependencies, { record, now, source }: Asking): NodeRecord {
  const { id: nodeId, name, cluster } = record;
  const verdict = judgeReturn(record, now);
  switch (verdict.kind) {
    case 'may':
      deps.refused.forget(nodeId);
      return { ...record, returns: [...countedReturns(record, now), now] };
    case 'early': {
      const until = new Date(verdict.untilMs).toISOString();
      throw new AppError(
        'refused',
        `the certificate of ${name} is good until ${until}: call with it`,
      );
    }
    case 'needs-approval': {
      const mend = `you know it again and run \`coordinator node approve ${name}\``;
      const { why } = verdict;
      deps.refused.add({ wish: 'return', cluster, nodeId, name, source, reason: why, mend });
      throw new AppError(
        'refused',
        `${name} needs an operator's approval to come back, since ${why}: \`coordinator node approve ${name}\`; the agent keeps asking, and nothing on the host has to be wiped`,
      );
    }
  }
}

async function tell(deps: ReturnDependencies, node: NodeRecord, source: string): Promise<void> {
  const { id: nodeId, name, cluster } = node;
  await deps.audit.append('returned', { nodeId, name, source, counter: node.renewal?.counter });
  const text = `came back from ${source} by its own key: its certificate had ended while it was away`;
  const line = { node: name, cluster, planId: null, stepId: null, level: 'info' as const, text };
  deps.feed.append([{ ...line, atMs: deps.clock.now() }]);
  deps.log.info({ nodeId, name, source }, 'node came back');
}
