// The next certificate of a node: judged, issued and recorded as one compare-and-set, so that what is
// sent is what is remembered. Both ways to it end here: a member that renews, and one that comes back
// after its certificate had ended.
import { X509Certificate } from 'node:crypto';
import { sha256Hex } from '../../shared/canonical.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { Keys } from '../keys/keys.ts';
import type { PendingRenewal } from '../store/identity-record.ts';
import { type NodeRecord, keys as recordKeys } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { judgeRenewal } from './judge-renewal.ts';
import { stateSentence } from './state-sentences.ts';

export interface NextCertificateDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly keys: Pick<Keys, 'issueNodeCertificate'>;
}

export interface CertificateAsked {
  readonly nodeId: NodeId;
  /** DER of the request. */
  readonly csr: Uint8Array;
  readonly spki: Uint8Array;
  readonly told: number;
  readonly presentedFromMs: number | null;
  /** Address of the caller. */
  readonly source: string;
  /** What else becomes of the record when a new certificate is issued. @throws AppError to refuse */
  readonly admit: (node: NodeRecord, now: number) => NodeRecord;
}

export type NextCertificate =
  | {
      readonly kind: 'given';
      readonly node: NodeRecord;
      readonly renewal: PendingRenewal;
      readonly isRepeat: boolean;
    }
  | { readonly kind: 'copy'; readonly node: NodeRecord; readonly what: string };

export async function nextCertificate(
  deps: NextCertificateDependencies,
  asked: CertificateAsked,
): Promise<NextCertificate> {
  const requestSha256 = sha256Hex(asked.csr);
  for (;;) {
    const stored = await deps.store.get<NodeRecord>(recordKeys.node(asked.nodeId));
    if (stored === null)
      throw new AppError('permission-denied', `node ${asked.nodeId} is not known here`);
    // It may have been locked since the call came in.
    if (stored.value.state !== 'active') {
      throw new AppError('permission-denied', stateSentence(stored.value));
    }
    const now = deps.clock.now();
    const { told, presentedFromMs } = asked;
    const verdict = judgeRenewal(stored.value, { told, presentedFromMs, requestSha256, now });
    if (verdict.kind === 'copy') return { kind: 'copy', node: stored.value, what: verdict.what };
    if (verdict.kind === 'repeat') {
      return { kind: 'given', node: stored.value, renewal: verdict.renewal, isRepeat: true };
    }
    const admitted = asked.admit(stored.value, now);
    const renewal = await issue(deps, asked, { requestSha256, counter: verdict.told + 1, now });
    const { takesNextCounter: _, ...rest } = admitted;
    const node: NodeRecord = { ...rest, counter: verdict.told, renewal };
    const result = await deps.store.put(stored.key, node, stored.revision);
    if (result.kind === 'stored') return { kind: 'given', node, renewal, isRepeat: false };
  }
}

async function issue(
  { keys }: NextCertificateDependencies,
  { nodeId, spki, source }: CertificateAsked,
  { requestSha256, counter, now }: { requestSha256: string; counter: number; now: number },
): Promise<PendingRenewal> {
  const chain = await keys.issueNodeCertificate(spki, nodeId, now);
  const [leaf] = chain;
  if (leaf === undefined) throw new AppError('internal', `no certificate was made for ${nodeId}`);
  return {
    counter,
    requestSha256,
    chain: chain.map((der) => Buffer.from(der).toString('base64')),
    leafSha256: sha256Hex(leaf),
    ...datesOf(leaf),
    from: source,
  };
}

/** @param der a certificate */
export function datesOf(der: Uint8Array): {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
} {
  const { validFromDate, validToDate } = new X509Certificate(der);
  return { notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() };
}

/** As the wire carries it. */
export const wireChain = ({ chain }: PendingRenewal): Buffer[] =>
  chain.map((der) => Buffer.from(der, 'base64'));
