// Has the cluster's own controller sign one certificate request: create it, approve it, read the
// certificate, take the request away again. Who may be signed what is the caller's to decide before.
import { X509Certificate } from 'node:crypto';
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { conditionOf, textAt } from './kube-object.ts';
import { accepted, deleteObject, getObject } from './kube-session.ts';
import { kubernetes } from './kubernetes-paths.ts';
import type { StepContext } from './step-runner.ts';
import { done, type Probe, patiently, waits, waitUntil } from './wait-until.ts';

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

export interface ClusterSigning {
  /** PEM; its subject is the one that is signed. */
  readonly request: string;
  readonly signer: 'kube-apiserver-client' | 'kube-apiserver-client-kubelet';
  /** At least 600. */
  readonly ttlSeconds: number;
  /** The cluster's CA, PEM: what another one signed is refused. */
  readonly ca: string;
  /** Said in the approval. */
  readonly reason: string;
  readonly message: string;
}

interface Opened {
  readonly context: StepContext;
  readonly api: KubeApi;
}

/** The certificate, PEM. @throws AppError refused, not-ready, invalid */
export async function signByCluster(
  signing: ClusterSigning,
  { context, api }: Opened,
): Promise<string> {
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
        request: Buffer.from(signing.request).toString('base64'),
        signerName: `kubernetes.io/${signing.signer}`,
        expirationSeconds: signing.ttlSeconds,
        usages: ['digital signature', 'client auth'],
      },
    };
    return accepted(`create ${name}`, await api.request('POST', requests, { body }));
  });
  const approve = async (request: unknown): Promise<void> => {
    const { reason, message } = signing;
    const condition = { type: 'Approved', status: 'True', reason, message };
    const body = { ...(request as object), status: { conditions: [condition] } };
    const answer = await api.request('PUT', `${path}/approval`, { body });
    // The cluster's own approver takes what an administrator asks for, and may have been quicker.
    if (answer.status !== 409) accepted('approve', answer);
  };
  try {
    await approve(created);
    const certificate = await waitUntil(context, {
      everyMs: 100,
      probe: async () => {
        const request = await getObject(api, path);
        const probe = judgeRequest(request);
        if (probe.kind === 'waits' && conditionOf(request, 'Approved') === null) {
          await approve(request);
        }
        return probe;
      },
    });
    refuseOtherSigner(signing.ca, certificate);
    return certificate;
  } finally {
    // The controller forgets it in time if this does not work.
    await deleteObject(api, path).catch((thrown: unknown) => {
      context.log.warn({ planId: context.planId, err: thrown }, 'a signed request stays behind');
    });
  }
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

function refuseOtherSigner(caPem: string, certificatePem: string): void {
  const certificate = new X509Certificate(certificatePem);
  if (certificate.verify(new X509Certificate(caPem).publicKey)) return;
  throw new AppError(
    'invalid',
    `the cluster signed by another CA than ${kubernetes.ca}: the masters do not share one`,
  );
}
