// Tells which Kubernetes CA this host has, for the cluster's record: before anything is written to etcd
// it has to be known whose it will be.
import { AppError } from '../../shared/errors.ts';
import { caDigestOf } from './ca-digest.ts';
import { parseCertificate } from './key-pair-files.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

export const readCaDigest: StepRunner<'read-ca-digest'> = {
  kind: 'read-ca-digest',
  title: ({ caPath }) => `read the digest of ${caPath}`,

  // Reading is all there is: it is done where a result may come from.
  check: async ({ caPath }, context) => ({
    kind: 'satisfied',
    outputs: { caDigest: await digestAt(caPath, context) },
  }),

  apply: async ({ caPath }, context) => ({
    outputs: { caDigest: await digestAt(caPath, context) },
  }),
};

async function digestAt(caPath: string, { host }: StepContext): Promise<string> {
  const pem = await host.readFile(caPath);
  if (pem === null) throw new AppError('not-found', `there is no CA certificate ${caPath}`);
  if (parseCertificate(pem) === null) {
    throw new AppError(
      'invalid',
      `${caPath} holds no certificate: remove it to have it made again`,
    );
  }
  return caDigestOf(pem);
}
