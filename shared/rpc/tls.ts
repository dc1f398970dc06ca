// TLS of both ends. One port serves strangers and members: a client certificate is asked for, not
// demanded, and a call of a member service without one is refused by the guard of that service.
import { type ChannelCredentials, credentials, ServerCredentials } from '@grpc/grpc-js';

/** The name in the coordinator's certificate that every agent expects, whatever address it dials. */
export const COORDINATOR_NAME = 'coordinator.muster.internal';

export interface ServerIdentity {
  /** PEM of the CA whose clients are members. */
  readonly caPem: string;
  /** PEM, leaf first, CA last: clients find their pin in the chain. */
  readonly chainPem: string;
  readonly keyPem: string;
}

export function serverCredentials(identity: ServerIdentity): ServerCredentials {
  return new OpenToAll(identity);
}

/**
 * TLS 1.3 alone, and a certificate that is asked for but not demanded: the credentials that grpc-js
 * makes itself can say neither. It takes any of this class, and creates its server with these options.
 */
class OpenToAll extends ServerCredentials {
  constructor({ caPem, chainPem, keyPem }: ServerIdentity) {
    super(
      { requestCert: true, rejectUnauthorized: false },
      { ca: caPem, cert: chainPem, key: keyPem, minVersion: 'TLSv1.3' },
    );
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
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
