// SignCertificate: a certificate for a host's own key, of the cluster's etcd CAs. Only what a
// request-certificate step of a running plan of that very node names; name, names and profile come
// from the plan, the public key from the CSR, and nothing else does.
import { checked } from '../../../shared/alphabets.ts';
import { sha256Hex } from '../../../shared/canonical.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Plan } from '../../../shared/model/plan.ts';
import type { StepOf } from '../../../shared/model/step.ts';
import type { CertificateRequest__Output } from '../../../shared/rpc/generated/muster/v1/CertificateRequest.ts';
import { acceptedLine } from '../../events/log-line.ts';
import { keyOfRequest } from '../../keys/certificate-request.ts';
import { caOfProfile } from '../../keys/cluster-ca.ts';
import { accepted } from '../../plan-records/apply-record.ts';
import type { EnvelopeRecord, NodeRecord, PlanRecord } from '../../store/records.ts';
import type { FleetDependencies } from './fleet-dependencies.ts';

export async function signCertificate(
  deps: FleetDependencies,
  caller: NodeRecord,
  request: CertificateRequest__Output,
): Promise<{ certificate: string; ca: string }> {
  for (const field of ['planId', 'stepId', 'profile'] as const) {
    // Nothing named is refused like anything that is not there.
    if (request[field] !== '')
      checked('identifier', request[field], `${field} of a certificate request`);
  }
  const plan = await runningPlan(deps, caller, request);
  const step = await requestedStep(deps, plan, request);
  if (step === null) {
    throw await refuse(
      deps,
      caller,
      request,
      `plan ${plan.planId} has no such step for that profile`,
    );
  }
  const { spki } = await keyOfRequest(request.csr);
  if (Buffer.from(spki).toString('base64') === caller.publicKey) {
    throw await refuse(deps, caller, request, "the node's own key is for the fleet only");
  }
  const { profile, commonName, names } = step.args;
  const ca = await deps.keys.clusterCa(plan.cluster, caOfProfile(profile));
  const now = deps.clock.now();
  const certificate = await ca.issue(profile, { publicKey: spki, commonName, names, now });
  const { planId, stepId } = request;
  await deps.audit.append('certificate-signed', {
    nodeId: caller.id,
    planId,
    stepId,
    profile,
    commonName,
    names,
    // Which key it is for.
    key: sha256Hex(spki),
  });
  return { certificate, ca: ca.caPem };
}

async function runningPlan(
  deps: FleetDependencies,
  caller: NodeRecord,
  request: CertificateRequest__Output,
): Promise<PlanRecord> {
  const record = await deps.plans.get(request.planId);
  // Another node's plan and none at all look the same from outside.
  if (record === null || record.nodeId !== caller.id) {
    throw await refuse(deps, caller, request, `this node has no plan ${request.planId}`);
  }
  const isTaken =
    record.state === 'issued' && !record.stopRequested && deps.clock.now() < record.expiresMs;
  const plan = isTaken ? await noteAcceptance(deps, record) : record;
  // Given up while this was asked: it is over, whatever it was a moment ago.
  if (plan.state === 'accepted') return plan;
  throw await refuse(deps, caller, request, `plan ${plan.planId} is ${plan.state}, not running`);
}

/** Asking for a step's certificate tells that the plan was accepted, maybe before the journal does. */
async function noteAcceptance(deps: FleetDependencies, record: PlanRecord): Promise<PlanRecord> {
  const { planId, nodeId } = record;
  const change = await deps.plans.change(planId, (current) =>
    current.state === 'issued' ? accepted(current, deps.clock.now()) : current,
  );
  if (change !== null && change.after.state !== 'accepted') return change.after;
  if (change?.before.state === 'issued') {
    deps.feed.append([acceptedLine(change.after, deps.clock.now())]);
    await deps.audit.append('plan-accepted', { planId, nodeId, how: 'certificate-request' });
  }
  return change?.after ?? record;
}

async function requestedStep(
  deps: FleetDependencies,
  plan: PlanRecord,
  request: CertificateRequest__Output,
): Promise<StepOf<'request-certificate'> | null> {
  const envelope = await deps.plans.envelope(plan.planId);
  if (envelope === null) return null;
  const steps = contentOf(envelope).stages.flatMap((stage) => stage.steps);
  const step = steps.find(({ id }) => id === request.stepId);
  if (step?.kind !== 'request-certificate' || step.args.profile !== request.profile) return null;
  return step;
}

/** Our own bytes, as they were signed. */
const contentOf = (record: EnvelopeRecord): Plan =>
  JSON.parse(Buffer.from(record.envelope.payload, 'base64').toString('utf8')) as Plan;

async function refuse(
  deps: FleetDependencies,
  caller: NodeRecord,
  request: CertificateRequest__Output,
  reason: string,
): Promise<AppError> {
  const { planId, stepId, profile } = request;
  await deps.audit.append('certificate-refused', {
    nodeId: caller.id,
    planId,
    stepId,
    profile,
    reason,
  });
  return new AppError(
    'permission-denied',
    `no ${profile} certificate for step ${stepId}: ${reason}`,
  );
}
