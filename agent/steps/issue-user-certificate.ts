// Has the cluster sign an operator's key for the group muster:admins. The key never leaves
// the operator. The cluster signs the subject that the request names, so the subject is read first and
// nothing but this user in this one group is approved: a request for system:masters ends here.
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
import { serverSideApply, withAdminApi } from './kube-session.ts';
import { kubernetes } from './kubernetes-paths.ts';
import { signByCluster } from './sign-by-cluster.ts';
import type { StepRunner } from './step-runner.ts';
import { patiently } from './wait-until.ts';

const group = 'muster:admins';
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
      const signing = {
        request,
        signer: 'kube-apiserver-client',
        ttlSeconds: args.ttlSeconds,
        ca,
        reason: 'MusterOperator',
        message: 'asked for by an operator of this fleet',
      } as const;
      return await signByCluster(signing, { context, api });
    });
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
