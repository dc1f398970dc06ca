// Takes a host's bootstrap token out of the cluster once it has joined. Agents of 0.1 made tokens; what
// is made since ends by itself, and the cluster keeps nothing of it.
import { AppError } from '../../shared/errors.ts';
import { deleteObject, getObject, lookPatiently, withAdminApi } from './kube-session.ts';
import type { StepRunner } from './step-runner.ts';
import { patiently } from './wait-until.ts';

export const deleteJoinCredentials: StepRunner<'delete-join-credentials'> = {
  kind: 'delete-join-credentials',
  title: ({ tokenId }) => `delete bootstrap token ${tokenId}`,

  async check({ tokenId }, context) {
    const path = tokenSecretPath(tokenId);
    const secret = await withAdminApi(context, async (api) =>
      lookPatiently(context, async () => await getObject(api, path)),
    );
    return secret === null
      ? { kind: 'satisfied' }
      : { kind: 'needed', why: `bootstrap token ${tokenId} is there` };
  },

  async apply({ tokenId }, context) {
    const path = tokenSecretPath(tokenId);
    await withAdminApi(context, async (api) => {
      await patiently(context, async () => await deleteObject(api, path));
    });
    return {};
  },
};

/** @throws AppError invalid: what is not an id could name another Secret. */
export function tokenSecretPath(tokenId: string): string {
  if (!/^[a-z0-9]{6}$/.test(tokenId)) {
    throw new AppError('invalid', `${JSON.stringify(tokenId)} is not the id of a bootstrap token`);
  }
  return `/api/v1/namespaces/kube-system/secrets/bootstrap-token-${tokenId}`;
}
