// The Enrollment service: open to strangers. Messages in and out; what a join is, is in enrollment/.
import { checked } from '../../shared/alphabets.ts';
import type { Clock } from '../../shared/clock.ts';
import type { EnrollmentDefinition } from '../../shared/rpc/generated/muster/v1/Enrollment.ts';
import type { Handlers } from '../../shared/rpc/handler.ts';
import type { LoggedIn, LoginClaim } from '../access/login.ts';
import type { Asking } from '../enrollment/admit.ts';
import type { Challenges } from '../enrollment/challenges.ts';
import type { comeBack, ReturnClaim } from '../enrollment/come-back.ts';
import type { Join } from '../enrollment/join.ts';
import { datesOf } from '../identity/next-certificate.ts';
import type { Keys } from '../keys/keys.ts';
import { type NodeRecord, keys as recordKeys } from '../store/records.ts';
import { type Store, update } from '../store/store.ts';
import { parseFacts } from './fleet/parse-facts.ts';
import { addressOf } from './peer.ts';

export interface EnrollmentDependencies {
  readonly fleet: string;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly store: Store;
  readonly challenges: Challenges;
  /** Before anything of a join is parsed. @throws AppError unauthenticated, rate-limited */
  readonly admit: (asking: Asking) => Promise<void>;
  readonly join: Join;
  readonly comeBack: (claim: ReturnClaim) => ReturnType<typeof comeBack>;
  readonly login: (claim: LoginClaim) => Promise<LoggedIn>;
}

export function enrollmentHandlers(deps: EnrollmentDependencies): Handlers<EnrollmentDefinition> {
  return {
    GetChallenge: async () => ({
      nonce: Buffer.from(deps.challenges.create()),
      timeMs: deps.clock.now(),
    }),
    Return: async (request, context) =>
      await deps.comeBack({ ...request, source: addressOf(context.peerAddress) }),
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
      await noteIssued(deps.store, node.id, { chain, from: addressOf(context.peerAddress) });
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
    Login: async ({ token, csr }, context) => {
      const source = addressOf(context.peerAddress);
      const { record, certificatePem } = await deps.login({ credential: token, csr, source });
      return { fleet: deps.fleet, operator: record.name, role: record.role, certificatePem };
    },
  };
}

/** Whoever comes back after its end is judged by it. */
async function noteIssued(
  store: Store,
  nodeId: string,
  issued: { readonly chain: readonly Uint8Array[]; readonly from: string },
): Promise<void> {
  const [leaf] = issued.chain;
  if (leaf === undefined) return;
  const certificate = { ...datesOf(leaf), from: issued.from };
  await update<NodeRecord>(store, recordKeys.node(nodeId), (current) =>
    current === null ? null : { ...current, certificate },
  );
}
