// TLS of both ends. One port serves strangers and members: a client certificate is asked for, not
// demanded, and a call of a member service without one is refused by the guard of that service.
import {
  type ChannelCredentials,
  credentials,
  experimental,
  type ServerCredentials,
} from '@grpc/grpc-js';

/** The name in the coordinator's certificate that every agent expects, whatever address it dials. */
export const COORDINATOR_NAME = 'coordinator.muster.internal';
export const GRPC_PORT = 7443;
export const HTTPS_PORT = 7480;

export interface ServerIdentity {
  /** PEM of the CA whose clients are members. */
  readonly caPem: string;
  /** PEM, leaf first, CA last: clients find their pin in the chain. */
  readonly chainPem: string;
  readonly keyPem: string;
}

/**
 * grpc-js 1.14 shows a handler the peer's certificate without demanding one only through a
 * certificate provider; it must answer asynchronously and be the same object for both arguments.
 */
export function serverCredentials(identity: ServerIdentity): ServerCredentials {
  const ca = { caCertificate: Buffer.from(identity.caPem) };
  const own = {
    certificate: Buffer.from(identity.chainPem),
    privateKey: Buffer.from(identity.keyPem),
  };
  const listeners = new Set<unknown>();
  const listen =
    <Update>(update: Update) =>
    (listener: (update: Update | null) => void): void => {
      listeners.add(listener);
      setImmediate(() => {
        if (listeners.has(listener)) listener(update);
      });
    };
  const forget = (listener: unknown): void => {
    listeners.delete(listener);
  };
  const provider = {
    addCaCertificateListener: listen(ca),
    removeCaCertificateListener: forget,
    addIdentityCertificateListener: listen(own),
    removeIdentityCertificateListener: forget,
  };
  return experimental.createCertificateProviderServerCredentials(provider, provider, false);
}

export interface ClientIdentity {
  readonly chainPem: string;
  readonly keyPem: string;
}

export function clientCredentials(
  caPem: string,
  identity: ClientIdentity | null,
): ChannelCredentials {
  const ca = Buffer.from(caPem);
  if (identity === null) return credentials.createSsl(ca);
  return credentials.createSsl(ca, Buffer.from(identity.keyPem), Buffer.from(identity.chainPem));
}

/** Agents dial addresses; the name they check is fixed. */
export const fixedServerName = {
  'grpc.ssl_target_name_override': COORDINATOR_NAME,
  'grpc.default_authority': COORDINATOR_NAME,
};
