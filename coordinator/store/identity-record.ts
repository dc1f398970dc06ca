// What a node's record holds of its identity beyond the key: what the host showed when it joined, which
// certificate it has, which one is on its way to it, and why an operator has to look at it. All of it may be
// absent: records of older versions have none.

/** What a host showed of itself when it joined. What it reports later is held against this. */
export interface Origin {
  readonly hostname: string;
  /** Null: the next report says it; an operator has approved a host that had got another. */
  readonly machineId: string | null;
  readonly productUuid: string;
  /** The addresses that are held for it; those it reports later are held for nobody. */
  readonly addresses: readonly string[];
}

/** The newest certificate that the host has for certain: it joined or called with it. */
export interface HeldCertificate {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Address that it was issued to. */
  readonly from: string;
}

/** A certificate that was issued and under which nobody has called yet. */
export interface PendingRenewal extends HeldCertificate {
  /** The counter that counts from the first call under it. */
  readonly counter: number;
  /** SHA-256 of the request it answers: the same request gets the same bytes. */
  readonly requestSha256: string;
  /** Base64 of DER, leaf first. */
  readonly chain: readonly string[];
  /** SHA-256 of the leaf. */
  readonly leafSha256: string;
}

/**
 * counter: a copy that was left behind, or one that went ahead, asked for a certificate. instance: two
 * agents polled in turn. machine: another machine reported in its name.
 */
export type LockReason = 'counter' | 'instance' | 'machine';

export interface IdentityLock {
  readonly reason: LockReason;
  /** What was seen, one clause for people. */
  readonly what: string;
  /** Where the two were heard from. */
  readonly addresses: readonly [string, string];
  readonly atMs: number;
}

export interface IdentityRecord {
  readonly origin?: Origin;
  readonly certificate?: HeldCertificate;
  readonly renewal?: PendingRenewal;
  /** Present while the state is `locked`. */
  readonly lock?: IdentityLock;
  /**
   * The next counter it tells is taken as it is: an operator approved it, or the record is of a version
   * that counted renewals when it answered them.
   */
  readonly takesNextCounter?: true;
  /** When it came back after its certificate had ended, of the last 30 days. */
  readonly returns?: readonly number[];
  /** An operator lets it come back, however long it was away, until then. */
  readonly mayReturnUntilMs?: number;
  /** It has left, and its Node object was deleted: it is no node of the cluster any more. */
  readonly isGone?: true;
  /** When the state became what it is. */
  readonly stateSinceMs?: number;
}
