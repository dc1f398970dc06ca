// The command line's end of the Operator service: over the coordinator's own unix socket, which only
// who may read the data directory can reach, or from elsewhere with an operator's certificate. And the
// one call that makes a stranger an operator.
import { credentials } from '@grpc/grpc-js';
import { createClient, openChannel, type RpcClient } from '../../shared/rpc/client.ts';
import type { EnrollmentDefinition } from '../../shared/rpc/generated/muster/v1/Enrollment.ts';
import type { OperatorDefinition } from '../../shared/rpc/generated/muster/v1/Operator.ts';
import { services } from '../../shared/rpc/load.ts';
import { type ClientIdentity, clientCredentials, fixedServerName } from '../../shared/rpc/tls.ts';

export interface OperatorClient {
  readonly calls: RpcClient<OperatorDefinition>;
  close(): void;
}

/** Dials nothing yet: the first call does. */
export function openOperatorSocket(path: string): OperatorClient {
  const channel = openChannel({
    address: `unix:${path}`,
    credentials: credentials.createInsecure(),
    // A long call notices a coordinator that hangs; an idle client asks nothing.
    options: { 'grpc.keepalive_permit_without_calls': 0 },
  });
  return {
    calls: createClient<OperatorDefinition>(services.operator, channel),
    close: () => channel.close(),
  };
}

/** Trusts that fleet's CA alone, whatever the address is. */
export function openOperatorAddress(
  address: string,
  caPem: string,
  identity: ClientIdentity,
): OperatorClient {
  const channel = openChannel({
    address,
    credentials: clientCredentials(caPem, identity),
    options: { ...fixedServerName, 'grpc.keepalive_permit_without_calls': 0 },
  });
  return {
    calls: createClient<OperatorDefinition>(services.operator, channel),
    close: () => channel.close(),
  };
}

export interface LoginClient {
  readonly calls: Pick<RpcClient<EnrollmentDefinition>, 'Login'>;
  close(): void;
}

/** @param caPem whose pin was checked */
export function openLogin(address: string, caPem: string): LoginClient {
  const channel = openChannel({
    address,
    credentials: clientCredentials(caPem, null),
    options: fixedServerName,
  });
  return {
    calls: createClient<EnrollmentDefinition>(services.enrollment, channel),
    close: () => channel.close(),
  };
}
