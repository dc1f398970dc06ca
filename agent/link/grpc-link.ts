// The CoordinatorLink over gRPC with mutual TLS. Several addresses are tried in turn; every call is
// safe to repeat, so going on to the next address never does a thing twice.
import { X509Certificate } from 'node:crypto';
import type { Client } from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import { checkPin, pinOf } from '../../shared/pin.ts';
import {
  type CallOptions,
  createClient,
  openChannel,
  type RpcClient,
} from '../../shared/rpc/client.ts';
import { envelopeFromWire, jsonToWire } from '../../shared/rpc/codec.ts';
import type { FleetDefinition } from '../../shared/rpc/generated/muster/v1/Fleet.ts';
import { services } from '../../shared/rpc/load.ts';
import { clientCredentials, fixedServerName } from '../../shared/rpc/tls.ts';
import type { Identity } from '../identity/identity.ts';
import type { CoordinatorLink, Poll, PollReply } from './coordinator-link.ts';

export interface GrpcLinkOptions {
  /** host:port, tried in turn. */
  readonly coordinators: readonly string[];
  readonly identity: Pick<Identity, 'caPem' | 'chainPem' | 'nodeKey'>;
  readonly agentVersion: string;
  readonly clock: Clock;
}

const callTimeoutMs = 20_000;
/** Beyond the hold: the coordinator answers a held poll in time, or it is gone. */
const pollGraceMs = 15_000;

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

  const call = async <T>(
    callOptions: CallOptions,
    run: (client: RpcClient<FleetDefinition>, callOptions: CallOptions) => Promise<T>,
  ): Promise<T> => {
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

  return {
    reportFacts: (facts, signal) =>
      call({ timeoutMs: callTimeoutMs, signal }, (client, callOptions) =>
        client.ReportFacts({ facts: jsonToWire(facts) }, callOptions),
      ),
    pullPlan: (poll, signal) =>
      call({ timeoutMs: poll.holdMs + pollGraceMs, signal }, async (client, callOptions) => {
        const request = pollToWire(poll, options.agentVersion);
        const reply = await client.PullPlan(request, callOptions);
        if (reply.answer === null) {
          throw new AppError('invalid', 'the coordinator sent no signed answer', {
            retryable: true,
          });
        }
        const answer = envelopeFromWire(reply.answer);
        return { plans: reply.plans.map(envelopeFromWire), answer } satisfies PollReply;
      }),
    reportProgress: (journalId, offset, records, signal) =>
      call({ timeoutMs: callTimeoutMs, signal }, async (client, callOptions) => {
        const request = { journalId, offset, records: [...records] };
        const reply = await client.ReportProgress(request, callOptions);
        return Number(reply.nextOffset);
      }),
    signCertificate: ({ planId, stepId, profile, csr }, signal) =>
      call({ timeoutMs: callTimeoutMs, signal }, (client, callOptions) =>
        client.SignCertificate({ planId, stepId, profile, csr }, callOptions),
      ),
    renew: (csr, counter, signal) =>
      call({ timeoutMs: callTimeoutMs, signal }, async (client, callOptions) => {
        const reply = await client.Renew({ csr, counter }, callOptions);
        return { chain: reply.certificateChain, counter: Number(reply.counter) };
      }),
    close: () => {
      for (const { channel } of endpoints) channel.close();
    },
  };
}

function pollToWire(poll: Poll, agentVersion: string) {
  return {
    instanceId: poll.instanceId,
    poll: poll.poll,
    nonce: poll.nonce,
    bootId: poll.bootId,
    agentVersion,
    factsDigest: poll.factsDigest,
    lanes: poll.lanes.map((lane) => ({ ...lane, planIds: [...lane.planIds] })),
    journalId: poll.journalId,
    journalEnd: poll.journalEnd,
    trouble: poll.trouble,
    holdMs: poll.holdMs,
    health: poll.health?.json ?? new Uint8Array(),
    healthAgeMs: poll.health?.ageMs ?? 0,
    hostTimeMs: poll.hostTimeMs,
  };
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
