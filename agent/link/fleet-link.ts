// The CoordinatorLink as messages of the Fleet service: what is said, whatever carries it.
import { AppError } from '../../shared/errors.ts';
import type { CallOptions, RpcClient } from '../../shared/rpc/client.ts';
import { envelopeFromWire, jsonToWire } from '../../shared/rpc/codec.ts';
import type { FleetDefinition } from '../../shared/rpc/generated/muster/v1/Fleet.ts';
import type { CoordinatorLink, Poll, PollReply } from './coordinator-link.ts';

/** Makes one call at whoever answers. */
export type FleetCall = <T>(
  options: CallOptions,
  run: (client: RpcClient<FleetDefinition>, options: CallOptions) => Promise<T>,
) => Promise<T>;

export interface FleetLinkOptions {
  readonly call: FleetCall;
  readonly agentVersion: string;
  readonly close: () => void;
}

const callTimeoutMs = 20_000;
/** Beyond the hold: the coordinator answers a held poll in time, or it is gone. */
const pollGraceMs = 15_000;

export function fleetLink({ call, agentVersion, close }: FleetLinkOptions): CoordinatorLink {
  return {
    reportFacts: (facts, signal) =>
      call({ timeoutMs: callTimeoutMs, signal }, (client, callOptions) =>
        client.ReportFacts({ facts: jsonToWire(facts) }, callOptions),
      ),
    pullPlan: (poll, signal) =>
      call({ timeoutMs: poll.holdMs + pollGraceMs, signal }, async (client, callOptions) => {
        const request = pollToWire(poll, agentVersion);
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
    close,
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
    lanes: poll.lanes.map((lane) => ({
      ...lane,
      planIds: [...lane.planIds],
      waiting: [...lane.waiting],
    })),
    journalId: poll.journalId,
    journalEnd: poll.journalEnd,
    trouble: poll.trouble,
    holdMs: poll.holdMs,
    health: poll.health?.json ?? new Uint8Array(),
    healthAgeMs: poll.health?.ageMs ?? 0,
    hostTimeMs: poll.hostTimeMs,
  };
}
