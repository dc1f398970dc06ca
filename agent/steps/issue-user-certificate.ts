// Has the cluster sign an operator's key for the group muster:admins. The key never leaves
// the operator. The cluster signs the subject that the request names, so the subject is read first and
// nothing but this user in this one group is approved: a request for system:masters ends here.
import { X509Certificate } from 'node:crypto';
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import type { KubeApi } from '../host/kube-api.ts';
import {
  COMMON_NAME,
  derOfRequest,
  ORGANIZATION,
  pemOfRequest,
  subjectOfRequest,
} from './certificate-request-subject.ts';
import { conditionOf, textAt } from './kube-object.ts';
import {
  accepted,
  deleteObject,
  getObject,
  serverSideApply,
  withAdminApi,
} from './kube-session.ts';
import { kubernetes } from './kubernetes-paths.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { done, type Probe, patiently, waits, waitUntil } from './wait-until.ts';

const group = 'muster:admins';
const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const rbac = 'rbac.authorization.k8s.io';

export const issueUserCertificate: StepRunner<'issue-user-certificate'> = {
  kind: 'issue-user-certificate',
  title: ({ user }) => `have the cluster sign a certificate for ${user}`,

  // The certificate is the step's output and is kept nowhere on the host.
  check: async () => ({ kind: 'needed', why: 'a certificate is signed anew each time' }),

  async apply(args, context) {
    const request = refuseOtherSubjects(args);
    const ca = await context.host.readFile(kubernetes.ca);
    if (ca === null) throw new AppError('not-found', `there is no ${kubernetes.ca} on this master`);
    const certificate = await withAdminApi(context, async (api) => {
      await patiently(context, async () => await bindGroup(api));
      return await sign(request, { args, context, api });
    });
    mustBeSignedBy(ca, certificate);
    return { outputs: { certificate, ca }, note: `signed for ${args.user} in ${group}` };
  },

  // apply has looked at the certificate.
  verify: async () => {},
};

/** The request in the one form that was looked at. @throws AppError refused, invalid */
function refuseOtherSubjects({ csrPem, user }: StepArgs['issue-user-certificate']): string {
  const der = derOfRequest(csrPem);
  const subject = subjectOfRequest(der);
  const valuesOf = (oid: string): readonly string[] =>
    subject.filter((attribute) => attribute.oid === oid).map(({ value }) => value);
  const [names, groups] = [valuesOf(COMMON_NAME), valuesOf(ORGANIZATION)];
  const isOurs =
    subject.length === 2 && names[0] === user && groups[0] === group && !user.startsWith('system:');
  if (isOurs) return pemOfRequest(der);
  const seen = `user ${JSON.stringify(names)}, groups ${JSON.stringify(groups)}, ${subject.length} attributes`;
  throw new AppError(
    'refused',
    `the certificate request is not for exactly user ${user} in group ${group}: it has ${seen}`,
  );
}

async function bindGroup(api: KubeApi): Promise<void> {
  await serverSideApply(api, `/apis/${rbac}/v1/clusterrolebindings/${encodeURIComponent(group)}`, {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: group },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: rbac, kind: 'Group', name: group }],
  });
}

interface Signing {
  readonly args: StepArgs['issue-user-certificate'];
  readonly context: StepContext;
  readonly api: KubeApi;
}

async function sign(request: string, { args, context, api }: Signing): Promise<string> {
  const name = `muster-${sha256Hex(`${context.planId}/${context.stepId}`).slice(0, 16)}`;
  const path = `${requests}/${name}`;
  const created = await patiently(context, async () => {
    // What an attempt that was cut off has left cannot be changed, only replaced.
    await deleteObject(api, path);
    const body = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        expirationSeconds: args.ttlSeconds,
        usages: ['digital signature', 'client auth'],
      },
    };
    return accepted(`create ${name}`, await api.request('POST', requests, { body }));
  });
  try {
    await approve(created, { path, api });
    return await waitUntil(context, {
      everyMs: 100,
      probe: async () => judgeRequest(await getObject(api, path)),
    });
  } finally {
    // The controller forgets it in time if this does not work.
    await deleteObject(api, path).catch((thrown: unknown) => {
      context.log.warn({ planId: context.planId, err: thrown }, 'a signed request stays behind');
    });
  }
}

async function approve(
  created: unknown,
  { path, api }: { readonly path: string; readonly api: KubeApi },
): Promise<void> {
  const condition = {
    type: 'Approved',
    status: 'True',
    reason: 'MusterOperator',
    message: 'asked for by an operator of this fleet',
  };
  const body = { ...(created as object), status: { conditions: [condition] } };
  accepted('approve', await api.request('PUT', `${path}/approval`, { body }));
}

function judgeRequest(object: unknown): Probe<string> {
  const failed = conditionOf(object, 'Failed') ?? conditionOf(object, 'Denied');
  if (failed !== null) {
    throw new AppError('refused', `the cluster did not sign the request: ${failed.message}`);
  }
  const certificate = textAt(object, 'status', 'certificate');
  if (certificate === '') return waits('the controller manager has not signed the request yet');
  return done(Buffer.from(certificate, 'base64').toString('utf8'));
}

function mustBeSignedBy(caPem: string, certificatePem: string): void {
  const certificate = new X509Certificate(certificatePem);
  if (certificate.verify(new X509Certificate(caPem).publicKey)) return;
  throw new AppError(
    'invalid',
    `the cluster signed by another CA than ${kubernetes.ca}: the masters do not share one`,
  );
}
