// Joins a fleet with a token: pin first, then proof of the node's own key, then the identity on disk,
// then the token file removed. Safe to repeat at any point: the key is on disk before the first call,
// and the same key with the same token gets the same identity.
import { createHash, type KeyObject, sign } from 'node:crypto';
import { checked } from '../../shared/alphabets.ts';
import type { Clock } from '../../shared/clock.ts';
import { roughDuration } from '../../shared/duration.ts';
import { AppError, isAbort, toAppError } from '../../shared/errors.ts';
import { base64urlSha256, credentialOf, type JoinToken } from '../../shared/join-token.ts';
import type { Logger } from '../../shared/log.ts';
import { asNodeId } from '../../shared/model/ids.ts';
import { checkPin, type PinCheck, type PinnedCoordinator } from '../../shared/pin.ts';
import { retry } from '../../shared/retry.ts';
import { validityOf, verifiedChainPem } from './certificate-chain.ts';
import { createCertificateRequest } from './certificate-request.ts';
import type { RenewalAnswer } from './come-back.ts';
import { type Identity, writeIdentity } from './identity.ts';
import type { IdentityFolder } from './identity-folder.ts';
import { parseKeySet } from './key-set.ts';
import { ensureNodeKey, type NodeKey } from './node-key.ts';

export interface JoinCall {
  readonly token: string;
  readonly csr: Uint8Array;
  readonly nonce: Uint8Array;
  readonly nonceSignature: Uint8Array;
  readonly nodeName: string;
  readonly agentVersion: string;
  /** JSON of NodeFacts. */
  readonly facts: Uint8Array;
}

export interface JoinAnswer {
  readonly fleet: string;
  readonly nodeId: string;
  readonly cluster: string;
  readonly pool: string;
  readonly certificateChain: readonly Uint8Array[];
  readonly keySet: Uint8Array;
  readonly counter: number;
}

/** The calls open to strangers, over a channel that trusts one CA. */
export interface Enrollment {
  getChallenge(
    signal: AbortSignal,
  ): Promise<{ readonly nonce: Uint8Array; readonly timeMs: number }>;
  join(call: JoinCall, signal: AbortSignal): Promise<JoinAnswer>;
  /** A member whose certificate has ended. */
  comeBack(call: ReturnCall, signal: AbortSignal): Promise<RenewalAnswer>;
  close(): void;
}

export interface ReturnCall {
  readonly csr: Uint8Array;
  readonly nonce: Uint8Array;
  readonly nonceSignature: Uint8Array;
  readonly counter: number;
}

export interface JoinOptions {
  readonly token: JoinToken;
  /** host:port, tried in turn. */
  readonly coordinators: readonly string[];
  readonly folder: IdentityFolder;
  /** @default a P-256 key of the system's chance */
  readonly makeKey?: () => KeyObject;
  /** The handshake that sends nothing. @default over TLS */
  readonly checkPin?: (check: PinCheck) => Promise<PinnedCoordinator>;
  readonly openEnrollment: (address: string, caPem: string) => Enrollment;
  readonly nodeName: string;
  readonly agentVersion: string;
  readonly facts: Uint8Array;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

const backoff = { firstMs: 500, maxMs: 30_000 };
const handshakeTimeoutMs = 10_000;
const largeSkewMs = 5 * 60_000;

/**
 * Tries until a coordinator answers; ends when the token or the pin is refused.
 * @throws AppError refused (pin), unauthenticated, permission-denied, invalid
 */
export async function joinFleet(options: JoinOptions): Promise<Identity> {
  const nodeKey = await ensureNodeKey(options.folder, options.makeKey);
  return await retry(() => joinAnyone(options, nodeKey), {
    ...backoff,
    clock: options.clock,
    random: options.random,
    signal: options.signal,
    isRetryable: (thrown) => toAppError(thrown).retryable,
    onRetry: (thrown, waitMs) => {
      const why = toAppError(thrown).message;
      options.log.warn({ why, waitMs }, 'not joined yet; trying again');
    },
  });
}

/** Every address once. A refused token ends it; a wrong pin only when no other address may be right. */
async function joinAnyone(options: JoinOptions, nodeKey: NodeKey): Promise<Identity> {
  const failures: AppError[] = [];
  for (const address of options.coordinators) {
    try {
      return await joinAt(address, options, nodeKey);
    } catch (thrown) {
      if (isAbort(thrown)) throw thrown;
      const failure = toAppError(thrown);
      if (!failure.retryable && failure.details['pin'] === undefined) throw failure;
      failures.push(failure);
    }
  }
  const worthRetrying = failures.find((failure) => failure.retryable);
  const failure = worthRetrying ?? failures[0];
  throw failure ?? new AppError('usage', 'no coordinator address is configured');
}

async function joinAt(address: string, options: JoinOptions, nodeKey: NodeKey): Promise<Identity> {
  const { token, clock, signal, log } = options;
  const nowMs = clock.now();
  const pinned = await (options.checkPin ?? checkPin)({
    address,
    pin: token.pin,
    nowMs,
    timeoutMs: handshakeTimeoutMs,
    signal,
  });
  if (pinned.clockFault !== null) {
    throw new AppError('unavailable', `cannot trust ${address} yet: ${pinned.clockFault}`, {
      retryable: true,
    });
  }
  const enrollment = options.openEnrollment(address, pinned.caPem);
  try {
    const challenge = await enrollment.getChallenge(signal);
    const skewMs = challenge.timeMs - clock.now();
    if (Math.abs(skewMs) > largeSkewMs) {
      log.warn(
        { skewMs },
        `this host’s clock is ${roughDuration(Math.abs(skewMs))} off the coordinator’s; plans wait until it is set`,
      );
    }
    const credential = credentialOf(token);
    const answer = await enrollment.join(
      {
        token: credential,
        csr: createCertificateRequest(nodeKey.key, nodeKey.nodeId),
        nonce: challenge.nonce,
        nonceSignature: proofOf(nodeKey, challenge.nonce, credential),
        nodeName: options.nodeName,
        agentVersion: options.agentVersion,
        facts: options.facts,
      },
      signal,
    );
    return await keepIdentity(answer, { options, nodeKey, caPem: pinned.caPem });
  } catch (thrown) {
    throw isAbort(thrown) ? thrown : asJoinFailure(toAppError(thrown), address, token);
  } finally {
    enrollment.close();
  }
}

/** ECDSA P-256 SHA-256 (r and s, 64 bytes) over the nonce and the SHA-256 of the credential. */
function proofOf(nodeKey: NodeKey, nonce: Uint8Array, credential: string): Buffer {
  const digest = createHash('sha256').update(credential).digest();
  const message = Buffer.concat([nonce, digest]);
  return sign('sha256', message, { key: nodeKey.key, dsaEncoding: 'ieee-p1363' });
}

interface Keeping {
  readonly options: JoinOptions;
  readonly nodeKey: NodeKey;
  readonly caPem: string;
}

async function keepIdentity(answer: JoinAnswer, keeping: Keeping): Promise<Identity> {
  const { options, nodeKey, caPem } = keeping;
  if (base64urlSha256(answer.keySet) !== options.token.keySetDigest) {
    throw new AppError(
      'invalid',
      'the coordinator sent signing keys that are not the ones of this token; nothing was kept. Get a new token',
    );
  }
  for (const field of ['fleet', 'cluster', 'pool'] as const)
    checked('identifier', answer[field], `${field} in the coordinator's answer`);
  if (!Number.isSafeInteger(answer.counter) || answer.counter < 0)
    throw new AppError('invalid', `the coordinator sent the counter ${answer.counter}`);
  const keySet = parseKeySet(answer.keySet);
  const chainPem = verifiedChainPem(answer.certificateChain, caPem, nodeKey);
  checkBegun(chainPem, options.clock.now());
  if (answer.nodeId !== nodeKey.nodeId) {
    throw new AppError(
      'invalid',
      `the coordinator calls this node ${answer.nodeId}, its key says ${nodeKey.nodeId}`,
    );
  }
  const identity = {
    fleet: answer.fleet,
    nodeId: asNodeId(answer.nodeId),
    cluster: answer.cluster,
    pool: answer.pool,
    counter: answer.counter,
    chainPem,
    caPem,
    tokenId: options.token.id,
    nodeKey,
  };
  await writeIdentity(options.folder, { ...identity, keySetBytes: answer.keySet });
  return { ...identity, keySet };
}

/**
 * One that begins later was made by a clock that is ahead, if only for a minute: it would keep this host
 * from calling until then. The same token gets another.
 */
function checkBegun(chainPem: string, now: number): void {
  const { notBeforeMs } = validityOf(chainPem);
  if (notBeforeMs <= now) return;
  const [begins, here] = [notBeforeMs, now].map((ms) => new Date(ms).toISOString());
  throw new AppError(
    'unavailable',
    `the coordinator sent a certificate that is not valid before ${begins}, and this host’s clock says ${here}; nothing was kept. Look at both clocks`,
    { retryable: true },
  );
}

const refusals = new Set(['unauthenticated', 'permission-denied', 'not-found', 'refused']);

function asJoinFailure(failure: AppError, address: string, token: JoinToken): AppError {
  if (!refusals.has(failure.code)) return failure;
  const why = failure.message.replace(/\.$/, '');
  // `refused` is about this host, not the token, and brings its own way out.
  const isToken = failure.code !== 'refused';
  const wayOut =
    !isToken || why.includes('token create')
      ? ''
      : '; make another with `coordinator token create`';
  const what = isToken ? `the token ${token.id}` : 'this host';
  return new AppError('refused', `the coordinator at ${address} refused ${what}: ${why}${wayOut}`, {
    cause: failure,
  });
}
