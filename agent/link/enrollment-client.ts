// The Enrollment calls over gRPC: server TLS by one CA and one fixed name, no certificate of ours.

import { createClient, openChannel, type RpcClient } from '../../shared/rpc/client.ts';
import type { EnrollmentDefinition } from '../../shared/rpc/generated/muster/v1/Enrollment.ts';
import { services } from '../../shared/rpc/load.ts';
import { clientCredentials, fixedServerName } from '../../shared/rpc/tls.ts';
import type { Enrollment } from '../identity/join.ts';

const timeoutMs = 20_000;

export function openEnrollment(address: string, caPem: string): Enrollment {
  const credentials = clientCredentials(caPem, null);
  const channel = openChannel({ address, credentials, options: fixedServerName });
  const client = createClient<EnrollmentDefinition>(services.enrollment, channel);
  return enrollmentCalls(client, () => channel.close());
}

/** The calls as messages, whatever carries them. */
export function enrollmentCalls(
  client: RpcClient<EnrollmentDefinition>,
  close: () => void,
): Enrollment {
  return {
    getChallenge: async (signal) => {
      const reply = await client.GetChallenge({}, { timeoutMs, signal });
      return { nonce: reply.nonce, timeMs: Number(reply.timeMs) };
    },
    join: async (call, signal) => {
      const request = {
        token: call.token,
        csr: call.csr,
        nonce: call.nonce,
        nonceSignature: call.nonceSignature,
        nodeName: call.nodeName,
        agentVersion: call.agentVersion,
        facts: call.facts,
      };
      const reply = await client.Join(request, { timeoutMs, signal });
      return { ...reply, counter: Number(reply.counter) };
    },
    comeBack: async ({ csr, nonce, nonceSignature, counter }, signal) => {
      const request = { csr, nonce, nonceSignature, counter };
      const reply = await client.Return(request, { timeoutMs, signal });
      return { chain: reply.certificateChain, counter: Number(reply.counter) };
    },
    close,
  };
}
