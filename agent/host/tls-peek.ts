// Which certificate a port really serves: the handshake is made and nothing is said. It is not verified,
// because the question is what is there and not whether to trust it; a caller that asks for one shows
// its own, so that etcd does not write a line about a stranger each time.
import { connect } from 'node:tls';
import { AppError } from '../../shared/errors.ts';

export interface TlsPlace {
  readonly host: string;
  readonly port: number;
  /** PEM: what the caller shows when it is asked for a certificate. */
  readonly certificate?: string;
  readonly key?: string;
}

/** DER of the certificate. @throws AppError unavailable, retryable */
export type TlsPeek = (place: TlsPlace, signal: AbortSignal) => Promise<Uint8Array>;

export const tlsPeek: TlsPeek = async ({ host, port, certificate, key }, signal) => {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const shown = certificate === undefined || key === undefined ? {} : { cert: certificate, key };
    const socket = connect({ host, port, ...shown, rejectUnauthorized: false });
    const stop = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    socket.on('close', () => {
      signal.removeEventListener('abort', stop);
      reject(unavailable(host, port, 'it closed the connection'));
    });
    socket.on('error', (thrown) => reject(unavailable(host, port, thrown.message)));
    socket.on('secureConnect', () => {
      const { raw } = socket.getPeerCertificate();
      // Told the end and not cut off: the other side's handshake is over then as well.
      socket.end();
      socket.resume();
      if (raw instanceof Uint8Array && raw.length > 0) resolve(raw);
      else reject(unavailable(host, port, 'it shows no certificate'));
    });
  });
};

const unavailable = (host: string, port: number, why: string): AppError =>
  new AppError('unavailable', `${host}:${port} tells no certificate: ${why}`, { retryable: true });
