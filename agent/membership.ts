// From a token file to an identity: joins when there is no identity, or when the token is another
// one than was spent (an evicted host joins again). Afterwards the token file is gone.
import { hostname } from 'node:os';
import type { Clock } from '../shared/clock.ts';
import { AppError } from '../shared/errors.ts';
import type { JoinToken } from '../shared/join-token.ts';
import type { Logger } from '../shared/log.ts';
import type { NodeFacts } from '../shared/model/facts.ts';
import { jsonToWire } from '../shared/rpc/codec.ts';
import { factsForJoin } from './facts/join-facts.ts';
import { type Identity, readIdentity } from './identity/identity.ts';
import type { IdentityFolder } from './identity/identity-folder.ts';
import { type JoinOptions, joinFleet } from './identity/join.ts';
import { readTokenIfThere, removeTokenFile } from './identity/token-file.ts';
import { AGENT_VERSION } from './version.ts';

export interface MembershipOptions
  extends Pick<JoinOptions, 'makeKey' | 'checkPin' | 'openEnrollment'> {
  readonly folder: IdentityFolder;
  /** `-`: the token came from standard input; nothing is removed. */
  readonly tokenFile: string;
  readonly coordinators: readonly string[];
  readonly nodeName: string | null;
  readonly facts: () => Promise<NodeFacts>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Idempotent: a token that was spent by this very identity is only removed. */
export async function joinWith(token: JoinToken, options: MembershipOptions): Promise<Identity> {
  const present = await readIdentity(options.folder);
  if (present?.tokenId === token.id) {
    await removeTokenFile(options.tokenFile);
    return present;
  }
  const identity = await joinFleet({
    ...options,
    token,
    nodeName: options.nodeName ?? hostname(),
    agentVersion: AGENT_VERSION,
    facts: jsonToWire(factsForJoin(await options.facts())),
  });
  await removeTokenFile(options.tokenFile);
  const { fleet, cluster, pool, nodeId } = identity;
  options.log.info({ fleet, cluster, pool, nodeId }, 'joined the fleet');
  return identity;
}

interface Refused {
  /** What was tried; empty before the first try. */
  readonly token: string;
  readonly bootMs: number;
}

const lookAgainMs = 5_000;
const refusedPauseMs = 60_000;

/**
 * For the service: waits until there is an identity. A refused or unreadable token is said once and
 * tried again after a minute, or as soon as the file holds another one.
 */
export async function awaitMembership(options: MembershipOptions): Promise<Identity> {
  const { clock, log, signal } = options;
  let refused: Refused = { token: '', bootMs: 0 };
  let hasSaidMissing = false;
  for (;;) {
    signal.throwIfAborted();
    const seen = await readToken(options);
    if (seen.kind === 'none') {
      const present = await readIdentity(options.folder);
      if (present !== null) return present;
      if (!hasSaidMissing)
        log.warn(
          { tokenFile: options.tokenFile },
          'not joined, and there is no token file: waiting for one',
        );
      hasSaidMissing = true;
    }
    const text = seen.kind === 'token' ? seen.token.id + seen.token.secret : seen.kind;
    const isPaused = refused.token === text && clock.boot() - refused.bootMs < refusedPauseMs;
    if (!isPaused && seen.kind === 'token') {
      try {
        return await joinWith(seen.token, options);
      } catch (thrown) {
        if (!isRefusal(thrown)) throw thrown;
        log.error({ code: thrown.code }, `not joined: ${thrown.message}`);
        refused = { token: text, bootMs: clock.boot() };
        // An old identity may still be good: the coordinator tells at the first poll.
        const present = await readIdentity(options.folder);
        if (present !== null) return present;
      }
    } else if (!isPaused && seen.kind === 'bad') {
      log.error({ tokenFile: options.tokenFile }, seen.message);
      refused = { token: text, bootMs: clock.boot() };
    }
    await clock.sleep(lookAgainMs, signal);
  }
}

type SeenToken =
  | { readonly kind: 'token'; readonly token: JoinToken }
  | { readonly kind: 'bad'; readonly message: string }
  | { readonly kind: 'none' };

async function readToken(options: MembershipOptions): Promise<SeenToken> {
  try {
    const token = await readTokenIfThere(options.tokenFile);
    return token === null ? { kind: 'none' } : { kind: 'token', token };
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'usage')
      return { kind: 'bad', message: thrown.message };
    throw thrown;
  }
}

function isRefusal(thrown: unknown): thrown is AppError {
  return thrown instanceof AppError && !thrown.retryable && thrown.code !== 'internal';
}
