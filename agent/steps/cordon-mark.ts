// Who made a Node unschedulable: the mark that Muster leaves in an annotation of it, so that nobody
// takes away what somebody else has done. Mark and cordon are one patch of one version of the Node.
import type { KubeApi } from '../host/kube-api.ts';
import { at, textAt } from './kube-object.ts';
import { accepted } from './kube-session.ts';
import { type NodeOfMachine, nodePath } from './own-node.ts';

const annotation = 'muster.dev/cordoned-by';

export interface Cordon {
  readonly isCordoned: boolean;
  /** Of the mark; empty without one. A mark may be left on a Node that somebody made schedulable. */
  readonly owner: string;
}

export const cordonOf = (node: unknown): Cordon => ({
  isCordoned: at(node, 'spec', 'unschedulable') === true,
  owner: textAt(node, 'metadata', 'annotations', annotation),
});

/**
 * @param node as it was read: a Node that has changed since is not patched
 * @param cordon owner empty: the mark is taken away
 * @throws AppError conflict, to be tried again
 */
export async function putCordon(
  api: KubeApi,
  node: unknown,
  { of, cordon }: { readonly of: NodeOfMachine; readonly cordon: Cordon },
): Promise<void> {
  const body = {
    metadata: {
      resourceVersion: textAt(node, 'metadata', 'resourceVersion'),
      annotations: { [annotation]: cordon.owner === '' ? null : cordon.owner },
    },
    spec: { unschedulable: cordon.isCordoned ? true : null },
  };
  const answer = await api.request('PATCH', nodePath(of), {
    body,
    contentType: 'application/merge-patch+json',
  });
  accepted(`cordon ${of.node}`, answer);
}
