// Tells which Kubernetes CA this host has, for the cluster's record: before anything is written to etcd
// it has to be known whose it will be.
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { caDigestOf, refuseOtherCa } from './ca-digest.ts';
import { parseCertificate } from './key-pair-files.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

export const readCaDigest: StepRunner<'read-ca-digest'> = {
  kind: 'read-ca-digest',
  title: ({ caPath }) => `read the digest of ${caPath}`,

  // Reading is all there is: it is done where a result may come from.
  check: async (args, context) => ({
    kind: 'satisfied',
    outputs: { caDigest: await digestAt(args, context) },
  }),

  apply: async (args, context) => ({
    outputs: { caDigest: await digestAt(args, context) },
  }),
};

async function digestAt(
  { caPath, expected }: StepArgs['read-ca-digest'],
  { host }: StepContext,
): Promise<string> {
  const pem = await host.readFile(caPath);
  if (pem === null) throw new AppError('not-found', `there is no CA certificate ${caPath}`);
  if (parseCertificate(pem) === null) {
    throw new AppError(
      'invalid',
      `${caPath} holds no certificate: remove it to have it made again`,
    );
  }
  refuseOtherCa({ pem, what: caPath, expected });
  return caDigestOf(pem);
}
