// The command line's end of the Operator service: over the coordinator's own unix socket, which only
// who may read the data directory can reach.
import { credentials } from '@grpc/grpc-js';
import { createClient, openChannel, type RpcClient } from '../../shared/rpc/client.ts';
import type { OperatorDefinition } from '../../shared/rpc/generated/muster/v1/Operator.ts';
import { services } from '../../shared/rpc/load.ts';

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
