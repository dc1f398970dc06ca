// Keeps the certificate good: renews it at half life, and comes back by the node's own key when the
// coordinator does not take it any more because it has ended. Never gives up, and never wipes anything.
import type { Clock } from '../../shared/clock.ts';
import { toAppError } from '../../shared/errors.ts';
import { following } from '../../shared/following.ts';
import type { Logger } from '../../shared/log.ts';
import type { CoordinatorLink } from '../link/coordinator-link.ts';
import type { ComeBack } from './come-back.ts';
import type { Identity } from './identity.ts';
import type { IdentityFolder } from './identity-folder.ts';
import { isIdentityRenewalDue, renewIdentity } from './renewal.ts';

export interface RenewalLoopOptions {
  readonly identity: () => Identity;
  readonly link: () => CoordinatorLink;
  /** A new certificate is on the disk: what is open is opened again with it. */
  readonly onRenewed: (identity: Identity) => void;
  /** Null: there is no way back without an operator. */
  readonly comeBack: ComeBack | null;
  readonly folder: IdentityFolder;
  /** The coordinator's time as far as it is known. */
  readonly signedNow: () => number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface RenewalLoop {
  /** Ends when the signal fires. */
  run(): Promise<void>;
  /** The coordinator does not know this host by its certificate. */
  notKnown(): void;
}

const checkMs = 60_000;

export function createRenewalLoop(options: RenewalLoopOptions): RenewalLoop {
  const { clock, log, signal } = options;
  let isNotKnown = false;
  let nudge = Promise.withResolvers<void>();
  let lastAskedBootMs = Number.NEGATIVE_INFINITY;
  let said = '';

  const renew = async (): Promise<void> => {
    const { folder, comeBack } = options;
    const identity = options.identity();
    const isBack = isNotKnown && comeBack !== null;
    isNotKnown = false;
    if (!isBack && !isIdentityRenewalDue(identity, options.signedNow())) return;
    lastAskedBootMs = clock.boot();
    const link = isBack
      ? { renew: (csr: Uint8Array) => comeBack(identity, csr, signal) }
      : options.link();
    const renewed = await renewIdentity(identity, { folder, link, signal });
    options.onRenewed(renewed);
    said = '';
    const { counter } = renewed;
    log.info({ counter }, isBack ? 'came back by the node’s own key' : 'certificate renewed');
  };

  /** Until the next look is due: at once for a host that is not known, but no more often than that. */
  const pause = async (): Promise<void> => {
    const wait = following(signal);
    const due = clock.sleep(checkMs, wait.signal);
    const sinceMs = clock.boot() - lastAskedBootMs;
    try {
      await (sinceMs < checkMs ? due : Promise.race([due, nudge.promise]));
    } finally {
      wait.end();
      await due.catch(() => undefined);
      nudge = Promise.withResolvers<void>();
    }
    signal.throwIfAborted();
  };

  return {
    run: async () => {
      for (;;) {
        await pause();
        try {
          await renew();
        } catch (thrown) {
          if (signal.aborted) return;
          const why = toAppError(thrown).message;
          // It asks every minute, for days perhaps: the log has it once.
          if (why !== said) log.warn({ why }, 'the certificate waits to be renewed');
          said = why;
        }
      }
    },
    notKnown: () => {
      isNotKnown = true;
      nudge.resolve();
    },
  };
}
