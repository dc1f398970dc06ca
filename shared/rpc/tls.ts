// TLS of both ends: what a server shows and whom it takes for a member, and what a client trusts.
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';

/** The name in the coordinator's certificate that every agent expects, whatever address it dials. */
export const COORDINATOR_NAME = 'coordinator.muster.internal';

export interface ServerIdentity {
  /** PEM of the CA whose clients are members. */
  readonly caPem: string;
  /** PEM, leaf first, CA last: clients find their pin in the chain. */
  readonly chainPem: string;
  readonly keyPem: string;
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
