// The words for what is wrong: what it is, what it means, and what ends it. One entry per code, so a
// code without words does not compile. Made where problems are shown; nobody reads them back. Pure.
import type { WatchedUnit } from '../../shared/model/health.ts';
import { etcdSentences } from './etcd-sentences.ts';
import { hostSentences } from './host-sentences.ts';
import type { Problem, ProblemCode, ProblemParams } from './problem.ts';

export interface Sentence {
  /** Without the subject: "does not run containerd.service (failed)". */
  readonly what: string;
  readonly means: string;
  /** One clause after "ends when". */
  readonly mend: string;
}

export type SentencesOf<Codes extends ProblemCode> = {
  readonly [Code in Codes]: (params: ProblemParams[Code], subject: string) => Sentence;
};

const movesPods = 'Kubernetes moves its pods to other nodes after five minutes';

const nodeSentences = {
  'unit-down': ({ unit, load, state }, host) => ({
    what: load === 'loaded' ? `does not run ${unit} (${state})` : `has no ${unit} (${load})`,
    means: meaningOf[unit],
    mend:
      load === 'masked'
        ? `it runs again (on ${host}: \`systemctl unmask ${unit} && systemctl start ${unit}\`)`
        : `it runs again (on ${host}: \`journalctl -u ${unit}\`, \`systemctl start ${unit}\`)`,
  }),
  'unit-restarting': ({ unit, restarts }, host) => ({
    what: `starts ${unit} again and again (${restarts} times in five minutes)`,
    means: meaningOf[unit],
    mend: `it has run for half a minute (on ${host}: \`journalctl -u ${unit}\`)`,
  }),
  'kubelet-silent': ({ message }, host) => ({
    what: `has a kubelet that runs and does not answer (${message})`,
    means: `nothing is started, stopped or probed there; ${movesPods}`,
    mend: `it answers again (on ${host}: \`systemctl restart kubelet\`)`,
  }),
  'node-not-ready': ({ reason, message }, host) => ({
    what: `is not Ready in Kubernetes (${reason}${message === '' ? '' : `: ${message}`})`,
    means: `no new pod goes there; ${movesPods}`,
    mend: `the node is Ready (\`kubectl describe node ${host}\`; on it: \`journalctl -u kubelet\`)`,
  }),
  'node-missing': ({ node }, host) => ({
    what: `is no node of the cluster any more (there is no ${node})`,
    means: 'somebody deleted it; no pod goes there',
    mend: `its kubelet registers it again (on ${host}: \`systemctl restart kubelet\`)`,
  }),
  'node-pressure': ({ pressure }, host) => ({
    what: `is under ${pressure}`,
    means: 'Kubernetes evicts pods from it and sends no new ones',
    mend: `there is room again (\`kubectl describe node ${host}\`)`,
  }),
  'api-unreachable': ({ message }, host) => ({
    what: `does not reach the API through its own proxy (${message})`,
    means: 'its kubelet hears of no change; nothing is known of its node',
    mend: `an API server answers it (on ${host}: \`journalctl -u muster-api-proxy\`)`,
  }),
  'api-server-not-ready': ({ message, others }, host) => ({
    what: `has an API server that is not ready (${message})`,
    means:
      others === 0
        ? 'no other API server is known to answer; without one the cluster takes no change, running pods go on'
        : `every node’s proxy uses the ${others === 1 ? 'other one' : `${others} others`}`,
    mend: `it is ready (on ${host}: \`journalctl -u kubelet\`, /var/log/pods/kube-system_kube-apiserver*)`,
  }),
  'no-api-server': ({ masters }) => ({
    what: `has no API server that answers (${masters.join(', ')})`,
    means: 'kubectl does not work and nothing is rescheduled; pods that run go on',
    mend: 'the API server of one master answers',
  }),
} as const satisfies Partial<SentencesOf<ProblemCode>>;

const meaningOf: Readonly<Record<WatchedUnit, string>> = {
  'containerd.service':
    'pods that run go on, nothing can be started, stopped or probed there, and the node turns NotReady',
  'kubelet.service': `nothing is started, stopped or probed there; ${movesPods}`,
  'etcd.service': 'etcd has one member less',
  'muster-api-proxy.service': 'its kubelet and its pods do not reach the API servers',
};

const sentences: SentencesOf<ProblemCode> = {
  ...hostSentences,
  ...nodeSentences,
  ...etcdSentences,
};

export function sentenceOf(problem: Problem): Sentence {
  // The compiler does not connect the code with its own parameters.
  const say = sentences[problem.code] as (params: unknown, subject: string) => Sentence;
  return say(problem.params, problem.subject);
}
