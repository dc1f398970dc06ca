// The CoordinatorLink over gRPC with mutual TLS. Several addresses are tried in turn; every call is
// safe to repeat, so going on to the next address never does a thing twice.
import { X509Certificate } from 'node:crypto';
import type { Client } from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import { checkPin, pinOf } from '../../shared/pin.ts';
import { createClient, openChannel, type RpcClient } from '../../shared/rpc/client.ts';
import type { FleetDefinition } from '../../shared/rpc/generated/muster/v1/Fleet.ts';
import { services } from '../../shared/rpc/load.ts';
import { clientCredentials, fixedServerName } from '../../shared/rpc/tls.ts';
import type { Identity } from '../identity/identity.ts';
import type { CoordinatorLink } from './coordinator-link.ts';
import { type FleetCall, fleetLink } from './fleet-link.ts';

export interface GrpcLinkOptions {
  /** host:port, tried in turn. */
  readonly coordinators: readonly string[];
  readonly identity: Pick<Identity, 'caPem' | 'chainPem' | 'nodeKey'>;
  readonly agentVersion: string;
  readonly clock: Clock;
}

interface Endpoint {
  readonly address: string;
  readonly channel: Client;
  readonly client: RpcClient<FleetDefinition>;
}

export function openGrpcLink(options: GrpcLinkOptions): CoordinatorLink {
  const { caPem, chainPem, nodeKey } = options.identity;
  const credentials = clientCredentials(caPem, { chainPem, keyPem: nodeKey.pem });
  const endpoints: readonly Endpoint[] = options.coordinators.map((address) => {
    const channel = openChannel({ address, credentials, options: fixedServerName });
    return { address, channel, client: createClient<FleetDefinition>(services.fleet, channel) };
  });
  let preferred = 0;

  const call: FleetCall = async (callOptions, run) => {
    let failure = new AppError('usage', 'no coordinator address is configured');
    for (let turn = 0; turn < endpoints.length; turn += 1) {
      const index = (preferred + turn) % endpoints.length;
      const endpoint = endpoints[index];
      if (endpoint === undefined) break;
      try {
        const reply = await run(endpoint.client, callOptions);
        preferred = index;
        return reply;
      } catch (thrown) {
        callOptions.signal?.throwIfAborted();
        failure = toAppError(thrown);
        if (failure.code !== 'unavailable') throw failure;
      }
    }
    throw await withClockFault(failure, options);
  };

  return fleetLink({
    call,
    agentVersion: options.agentVersion,
    close: () => {
      for (const { channel } of endpoints) channel.close();
    },
  });
}

/**
 * Rule 18: a certificate that does not fit the time is looked at once more in a handshake that sends
 * nothing, so that the log can say by how much this host's clock is off.
 */
async function withClockFault(failure: AppError, options: GrpcLinkOptions): Promise<AppError> {
  const [address] = options.coordinators;
  if (address === undefined || !/certificate|CERT_/i.test(failure.message)) return failure;
  const pin = pinOf(new X509Certificate(options.identity.caPem));
  try {
    const nowMs = options.clock.now();
    const signal = AbortSignal.timeout(5_000);
    const { clockFault } = await checkPin({ address, pin, nowMs, timeoutMs: 5_000, signal });
    if (clockFault === null) return failure;
    return new AppError('unavailable', `cannot trust ${address}: ${clockFault}`, {
      retryable: true,
      cause: failure,
    });
  } catch {
    // The second look is only for the message; the failure itself is what counts.
    return failure;
  }
}
