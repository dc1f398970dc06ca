// The CoordinatorLink port: the calls an agent makes after it has joined. Errors are AppErrors with
// `retryable` set; the loop that uses a call decides about repeating it.
import type { NodeFacts } from '../../shared/model/facts.ts';
import type { Envelope, Lane } from '../../shared/model/plan.ts';
import type { CertificateProfile } from '../../shared/model/step.ts';

export interface LaneReport {
  readonly lane: Lane;
  readonly planIds: readonly string[];
  /** Those of them that begin no step before a signed go-on. */
  readonly waiting: readonly string[];
  readonly epoch: number;
  readonly sequence: number;
  readonly doing: string;
}

/** Why no step begins on this host, whatever is asked of it. */
export interface Trouble {
  readonly code: 'journal-corrupt';
  /** For people, with the way out. */
  readonly sentence: string;
}

export interface Poll {
  readonly instanceId: string;
  readonly poll: number;
  readonly nonce: Uint8Array;
  readonly bootId: string;
  readonly factsDigest: string;
  readonly lanes: readonly LaneReport[];
  readonly journalId: string;
  readonly journalEnd: number;
  readonly trouble: Trouble | null;
  readonly holdMs: number;
  /** JSON of the newest HealthReport, and how long ago it was measured; null before the first. */
  readonly health: { readonly json: Uint8Array; readonly ageMs: number } | null;
  /** The host's own clock now: times inside the report are of it. */
  readonly hostTimeMs: number;
}

export interface PollReply {
  readonly plans: readonly Envelope[];
  readonly answer: Envelope;
}

export interface CoordinatorLink {
  reportFacts(facts: NodeFacts, signal: AbortSignal): Promise<{ readonly digest: string }>;
  pullPlan(poll: Poll, signal: AbortSignal): Promise<PollReply>;
  /** Raw journal records from `offset`; answers the next offset wanted. */
  reportProgress(
    journalId: string,
    offset: number,
    records: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<number>;
  signCertificate(
    request: {
      readonly planId: string;
      readonly stepId: string;
      readonly profile: CertificateProfile;
      readonly csr: Uint8Array;
    },
    signal: AbortSignal,
  ): Promise<{ readonly certificate: string; readonly ca: string }>;
  renew(
    csr: Uint8Array,
    counter: number,
    signal: AbortSignal,
  ): Promise<{ readonly chain: readonly Uint8Array[]; readonly counter: number }>;
  close(): void;
}
