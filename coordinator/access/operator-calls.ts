// Every call of the Operator service: who may make it, and what of it is written down before it is
// begun. A call without a row here does not compile. Pure.
import { sha256Hex } from '../../shared/canonical.ts';
import type { MethodName, RequestOutput } from '../../shared/rpc/calls.ts';
import type { OperatorDefinition } from '../../shared/rpc/generated/muster/v1/Operator.ts';

/** Each may what those before it may; `local` is the coordinator's own socket. */
export const ranks = ['viewer', 'admin', 'local'] as const;
export type Rank = (typeof ranks)[number];

export type OperatorCall = MethodName<OperatorDefinition>;

interface CallRow<M extends OperatorCall> {
  readonly least: Rank;
  /**
   * What the call is about, for the audit log; null for a call that only reads. An operator's text and
   * never a secret.
   */
  readonly about: ((request: RequestOutput<OperatorDefinition, M>) => object) | null;
  /** Asked again until it is answered: the same request is written down once. */
  readonly isPolled?: true;
}

const reading = { least: 'viewer', about: null } as const;

export const operatorCalls: { readonly [M in OperatorCall]: CallRow<M> } = {
  Version: reading,
  Get: reading,
  Watch: reading,
  Explain: reading,
  Logs: reading,
  Apply: {
    least: 'admin',
    about: ({ specYaml, dryRun, ignore }) => ({ spec: sha256Hex(specYaml), dryRun, ignore }),
  },
  CreateToken: { least: 'admin', about: ({ pool, uses }) => ({ pool, uses }) },
  ChangeToken: { least: 'admin', about: ({ id, action }) => ({ tokenId: id, action }) },
  JoinMaterial: { least: 'admin', about: ({ token }) => ({ pool: token?.pool ?? '' }) },
  ChangeNode: {
    least: 'admin',
    about: ({ action, name, dryRun, confirmed }) => ({ action, node: name, dryRun, confirmed }),
  },
  ChangeRollout: { least: 'admin', about: ({ action, node }) => ({ action, node }) },
  RenewCertificates: {
    least: 'admin',
    about: ({ node, runId }) => ({ node, runId }),
    isPolled: true,
  },
  Retry: { least: 'admin', about: ({ node }) => ({ node }) },
  Kubeconfig: {
    least: 'admin',
    about: ({ user, ttlSeconds, csrPem }) => ({ user, ttlSeconds, request: sha256Hex(csrPem) }),
    isPolled: true,
  },
  SmokeTest: { least: 'admin', about: ({ runId }) => ({ runId }), isPolled: true },
  CordonNode: {
    least: 'admin',
    about: ({ requestId, action, name }) => ({ requestId, action, node: name }),
    isPolled: true,
  },
  EtcdTask: {
    least: 'admin',
    about: ({ task, runId }) => ({ task, runId }),
    isPolled: true,
  },
  SetRecoveryKey: {
    least: 'admin',
    about: ({ publicKey, replace }) => ({ key: sha256Hex(publicKey), replace }),
  },
  // A stolen certificate makes no other one: what it can do ends when it is revoked.
  AddOperator: { least: 'local', about: ({ name, role }) => ({ name, wanted: role }) },
  RevokeOperator: { least: 'admin', about: ({ name }) => ({ name }) },
  RenewOperator: { least: 'viewer', about: () => ({}) },
};

/** A rank that nobody has heard of is nobody's. */
export function mayCall(rank: Rank, call: OperatorCall): boolean {
  const has = ranks.indexOf(rank);
  return has >= 0 && has >= ranks.indexOf(operatorCalls[call].least);
}
