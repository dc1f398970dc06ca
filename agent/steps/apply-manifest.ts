// Lays rendered objects into the cluster by server-side apply, in their order. The check asks the API
// server what applying would make of each object, without doing it: equal to what is there is nothing to do.
import { canonicalJson } from '../../shared/canonical.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { at } from './kube-object.ts';
import {
  accepted,
  getObject,
  lookPatiently,
  sendApply,
  serverSideApply,
  withAdminApi,
} from './kube-session.ts';
import { type ManifestDocument, manifestDocuments } from './manifest-documents.ts';
import type { StepRunner } from './step-runner.ts';
import { patiently } from './wait-until.ts';

export const applyManifest: StepRunner<'apply-manifest'> = {
  kind: 'apply-manifest',
  title: ({ name }) => `apply manifest ${name}`,

  async check({ name, manifest }, context) {
    const documents = manifestDocuments(name, manifest);
    return await withAdminApi(context, async (api) => {
      for (const document of documents) {
        const why = await lookPatiently(context, async () => await whatIsMissing(api, document));
        if (why !== null) return { kind: 'needed', why };
      }
      return { kind: 'satisfied' };
    });
  },

  async apply({ name, manifest }, context) {
    const documents = manifestDocuments(name, manifest);
    await withAdminApi(context, async (api) => {
      for (const { title, path, text } of documents) {
        context.progress(`applies ${title}`);
        await patiently(context, async () => await serverSideApply(api, path, text));
      }
    });
    return { note: `${documents.length} objects applied` };
  },
};

async function whatIsMissing(api: KubeApi, document: ManifestDocument): Promise<string | null> {
  const { title, path, text } = document;
  const live = await getObject(api, path);
  if (live === null) return `there is no ${title}`;
  const answer = await sendApply(api, path, text, '&dryRun=All');
  const wanted = accepted(`apply ${title} as a trial`, answer);
  return content(wanted) === content(live) ? null : `${title} differs`;
}

/** An object without what changes by itself. */
function content(object: unknown): string {
  const { status: _status, metadata: _metadata, ...rest } = object as Record<string, unknown>;
  const metadata = Object.entries(at(object, 'metadata') ?? {}).filter(
    ([name]) => !['managedFields', 'resourceVersion', 'generation'].includes(name),
  );
  return canonicalJson({ ...rest, metadata: Object.fromEntries(metadata) as object });
}
