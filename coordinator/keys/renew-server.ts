// The coordinator's own certificate, looked at once a day while it runs: one that is in the last year of
// its two is issued anew and shown from then on. Connections that are open stay.
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { ServerIdentity } from '../../shared/rpc/tls.ts';
import type { Keys } from './keys.ts';

export interface ServerRenewal {
  readonly keys: Pick<Keys, 'serverIdentity' | 'renewServer'>;
  readonly addresses: readonly string[];
  /** Every port shows it from now on. */
  readonly show: (identity: ServerIdentity) => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const everyMs = 24 * 3_600_000;

/** Ends when the signal fires. */
export async function keepServerRenewed(options: ServerRenewal): Promise<void> {
  const { keys, addresses, show, clock, log, signal } = options;
  while (!signal.aborted) {
    try {
      await clock.sleep(everyMs, signal);
      const { chainPem } = keys.serverIdentity;
      const identity = await keys.renewServer({ addresses, now: clock.now() });
      if (identity.chainPem === chainPem) continue;
      show(identity);
      log.info({}, 'the coordinator serves a new certificate');
    } catch (thrown) {
      if (signal.aborted) return;
      log.error({ err: thrown }, 'the certificate of the coordinator was not renewed');
    }
  }
}
