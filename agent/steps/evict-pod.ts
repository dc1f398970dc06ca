// Tells one pod to end. An eviction asks every PodDisruptionBudget first; that one says "not now" is an
// answer and no failure. The pod is named by its uid too, so that one that has come under the same name
// on another host is never meant.
import { type BlockingPod, longestDrainMessage } from '../../shared/model/drain.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { displayText } from '../../shared/plain-text.ts';
import type { KubeAnswer, KubeApi } from '../host/kube-api.ts';
import { listAt, textAt } from './kube-object.ts';
import { accepted } from './kube-session.ts';
import type { PodSeen } from './pods-of-node.ts';

export type Hold = Pick<BlockingPod, 'why' | 'budget' | 'message'>;

/** Null: it ends, or is gone. @throws AppError when the API server cannot be asked */
export async function evictPod(
  api: KubeApi,
  pod: PodSeen,
  args: Pick<StepArgs['drain-node'], 'podGraceSeconds' | 'disableEviction'>,
): Promise<Hold | null> {
  const name = encodeURIComponent(pod.pod);
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${name}`;
  const { podGraceSeconds } = args;
  const deleteOptions = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: { uid: pod.uid },
    ...(podGraceSeconds === null ? {} : { gracePeriodSeconds: podGraceSeconds }),
  };
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: pod.pod, namespace: pod.namespace },
    deleteOptions,
  };
  const answer = args.disableEviction
    ? await api.request('DELETE', path, { body: deleteOptions })
    : await api.request('POST', `${path}/eviction`, { body: eviction });
  return judge(answer, `evict ${pod.namespace}/${pod.pod}`);
}

function judge(answer: KubeAnswer, what: string): Hold | null {
  const { status, body } = answer;
  if (status >= 200 && status <= 299) return null;
  if (status === 404) return null;
  const budget = listAt(body, 'details', 'causes').find(
    (cause) => textAt(cause, 'reason') === 'DisruptionBudget',
  );
  const message = shown(textAt(budget ?? body, 'message'));
  if (budget !== undefined) return { why: 'budget', budget: budgetName(message), message };
  // Without rights, or unknown to the server, nothing is going to end.
  if (status === 401) accepted(what, answer);
  // Busy (429), another has just changed it (409), a namespace that goes (403), several budgets (500):
  // asked again in a while.
  return { why: 'not-evicted', budget: null, message: message || `the API server says ${status}` };
}

/** Of the API server's own sentence, the only place where it names the budget. */
const budgetName = (message: string): string | null =>
  /^The disruption budget ([a-z0-9]([a-z0-9.-]*[a-z0-9])?) /.exec(message)?.[1] ?? null;

const shown = (message: string): string => displayText(message.trim(), longestDrainMessage);
