// The Node object of one host: of its name, and of its machine, so that another machine that has come
// under the same name meanwhile is left in peace.
import type { KubeApi } from '../host/kube-api.ts';
import { textAt } from './kube-object.ts';
import { getObject } from './kube-session.ts';

export interface NodeOfMachine {
  readonly node: string;
  /** Empty: whatever machine it is of. */
  readonly machineId: string;
}

/** Null when there is none, or it is another machine's. @throws AppError */
export async function ownNode(api: KubeApi, wanted: NodeOfMachine): Promise<unknown> {
  const found = await getObject(api, nodePath(wanted));
  if (found === null) return null;
  const machineId = textAt(found, 'status', 'nodeInfo', 'machineID');
  return wanted.machineId === '' || machineId === wanted.machineId ? found : null;
}

export const nodePath = ({ node }: NodeOfMachine): string =>
  `/api/v1/nodes/${encodeURIComponent(node)}`;
