// The Enrollment service: open to strangers. Messages in and out; what a join is, is in enrollment/.
import { checked } from '../../shared/alphabets.ts';
import type { Clock } from '../../shared/clock.ts';
import type { EnrollmentDefinition } from '../../shared/rpc/generated/muster/v1/Enrollment.ts';
import type { Handlers } from '../../shared/rpc/handler.ts';
import type { Asking } from '../enrollment/admit.ts';
import type { Challenges } from '../enrollment/challenges.ts';
import type { Join } from '../enrollment/join.ts';
import type { Keys } from '../keys/keys.ts';
import { parseFacts } from './fleet/parse-facts.ts';
import { addressOf } from './peer.ts';

export interface EnrollmentDependencies {
  readonly fleet: string;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly challenges: Challenges;
  /** Before anything of a join is parsed. @throws AppError unauthenticated, rate-limited */
  readonly admit: (asking: Asking) => Promise<void>;
  readonly join: Join;
}

export function enrollmentHandlers(deps: EnrollmentDependencies): Handlers<EnrollmentDefinition> {
  return {
    GetChallenge: async () => ({
      nonce: Buffer.from(deps.challenges.create()),
      timeMs: deps.clock.now(),
    }),
    Join: async (request, context) => {
      const source = addressOf(context.peerAddress);
      await deps.admit({ credential: request.token, source, nodeName: request.nodeName });
      const node = await deps.join({
        credential: request.token,
        csr: request.csr,
        nonce: request.nonce,
        nonceSignature: request.nonceSignature,
        nodeName: request.nodeName,
        facts: parseFacts(request.facts),
        agentVersion: checked('version', request.agentVersion, 'agentVersion'),
        source,
      });
      const publicKey = Buffer.from(node.publicKey, 'base64');
      const chain = await deps.keys.issueNodeCertificate(publicKey, node.id, deps.clock.now());
      return {
        fleet: deps.fleet,
        nodeId: node.id,
        cluster: node.cluster,
        pool: node.pool,
        certificateChain: chain.map((der) => Buffer.from(der)),
        keySet: Buffer.from(deps.keys.keySetBytes),
        counter: node.counter,
      };
    },
  };
}
