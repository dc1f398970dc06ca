// Checks the pin before anything is sent: one handshake that trusts nobody and sends nothing, a walk
// up the chain to a CA whose public key has the pin and that signed itself. The caller then opens a
// real channel that trusts that CA alone.
import type { X509Certificate } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { roughDuration } from './duration.ts';
import { AppError } from './errors.ts';
import { base64urlSha256 } from './join-token.ts';

export interface PinCheck {
  /** host:port */
  readonly address: string;
  readonly pin: string;
  readonly nowMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface PinnedCoordinator {
  readonly caPem: string;
  /** What is wrong with this host's clock, as far as the certificates' dates show it. */
  readonly clockFault: string | null;
}

/** @throws AppError unavailable (retryable) when nobody answers, refused when the pin is another. */
export async function checkPin(check: PinCheck): Promise<PinnedCoordinator> {
  const chain = await presentedChain(check);
  const ca = chain.find(
    (certificate) => pinOf(certificate) === check.pin && isSelfSigned(certificate),
  );
  if (ca === undefined) {
    const top = chain.at(-1);
    const seen = top === undefined ? 'no certificate' : pinOf(top);
    throw new AppError(
      'refused',
      `the coordinator at ${check.address} is not the one of this token: the token has the pin ${check.pin}, ` +
        `the coordinator shows ${seen}; nothing was sent. Check the address, or get a new token from the right coordinator`,
      { details: { pin: seen } },
    );
  }
  return { caPem: ca.toString(), clockFault: clockFault(chain, check.nowMs) };
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return (
    certificate.ca &&
    certificate.checkIssued(certificate) &&
    certificate.verify(certificate.publicKey)
  );
}

const longestChain = 8;

function presentedChain(check: PinCheck): Promise<readonly X509Certificate[]> {
  const at = check.address.lastIndexOf(':');
  const host = check.address.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(check.address.slice(at + 1));
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.3',
    });
    const unreachable = (cause: Error | string): AppError => {
      const why = cause instanceof Error ? cause.message : cause;
      return new AppError(
        'unavailable',
        `the coordinator at ${check.address} does not answer: ${why}`,
        {
          retryable: true,
          cause,
        },
      );
    };
    const end = (settle: () => void): void => {
      check.signal.removeEventListener('abort', onAbort);
      socket.destroy();
      settle();
    };
    const onAbort = (): void => end(() => reject(check.signal.reason as Error));
    socket.setTimeout(check.timeoutMs, () => end(() => reject(unreachable('no answer in time'))));
    socket.on('error', (cause) => end(() => reject(unreachable(cause))));
    socket.on('close', () => end(() => reject(unreachable('it closed the connection'))));
    socket.once('secureConnect', () => {
      const chain = chainOf(socket);
      end(() => resolve(chain));
    });
    check.signal.addEventListener('abort', onAbort, { once: true });
    if (check.signal.aborted) onAbort();
  });
}

function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next !== undefined && chain.length < longestChain) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

/** Base64url SHA-256 of the certificate's public key. */
export function pinOf(certificate: X509Certificate): string {
  return base64urlSha256(certificate.publicKey.export({ format: 'der', type: 'spki' }));
}

/** One sentence when `nowMs` is outside the dates of one of the certificates; null when it is inside. */
function clockFault(certificates: readonly X509Certificate[], nowMs: number): string | null {
  for (const certificate of certificates) {
    const notBeforeMs = certificate.validFromDate.getTime();
    const notAfterMs = certificate.validToDate.getTime();
    if (nowMs < notBeforeMs)
      return describe(nowMs, `at least ${roughDuration(notBeforeMs - nowMs)} behind`);
    if (nowMs > notAfterMs) {
      return describe(
        nowMs,
        `${roughDuration(nowMs - notAfterMs)} past the end of the coordinator’s certificate`,
      );
    }
  }
  return null;
}

function describe(nowMs: number, how: string): string {
  return `this host’s clock says ${new Date(nowMs).toISOString()}, which is ${how}: set it (for example with timedatectl) and try again`;
}
