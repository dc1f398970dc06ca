// Asks the cluster whether it still takes a joining host's credentials before kubeadm does: kubeadm goes
// on for five minutes with some that are not taken, and ends with a timeout that says nothing about it.
//
// One 401 proves nothing. An API server accepts connections, and the local proxy hands it some, before
// it has read any Secret: until then it knows no token at all, and agents of 0.1 made tokens. It caches
// no refusals, so what it says is true as of its own copy of the Secrets, and that copy can be behind
// only while the server starts or has lost its watch, which it takes up again within half a minute. A
// masters' proxy gives each connection to another of them; hence a new connection for each question, and
// only a 401 that all answers agree on for longer than that counts.
import { AppError } from '../../shared/errors.ts';
import { type KubeCredentials, readKubeconfig } from '../host/kubeconfig.ts';
import { discoveryPathIn } from './kubeadm-phase-parts.ts';
import type { StepContext } from './step-runner.ts';
import { done, patient } from './wait-until.ts';

const path = '/api/v1/namespaces/kube-public/configmaps/cluster-info';

/** A loaded machine starts an API server in about as long. */
const lastingMs = 60_000;
const betweenMs = 500;
/** Few answers in that time mean masters that are away: nothing is known of the token then. */
const fewestRefusals = 20;
/** A master that refuses and then takes it was starting; as many in a row as a cluster has masters. */
const takenInRow = 5;

type TokenAnswer = 'taken' | 'refused' | 'none';

/** What a series of answers says. */
export interface TokenAnswers {
  readonly taken: number;
  readonly refused: number;
  readonly takenInRow: number;
  /** Since the first refusal. */
  readonly elapsedMs: number;
}

/** Pure. `unknown` after the whole time: kubeadm has more patience, and is let try. */
export function judgeToken(answers: TokenAnswers): 'taken' | 'expired' | 'unknown' | 'ask-again' {
  const { taken, refused, elapsedMs } = answers;
  if (refused === 0) return taken > 0 ? 'taken' : 'unknown';
  if (answers.takenInRow >= takenInRow) return 'taken';
  if (elapsedMs < lastingMs) return 'ask-again';
  return taken === 0 && refused >= fewestRefusals ? 'expired' : 'unknown';
}

/**
 * Comes back at once when the token is taken.
 * @param config text of a JoinConfiguration. @throws AppError credentials-expired
 */
export async function refuseExpiredToken(config: string, context: StepContext): Promise<void> {
  const { host, clock, signal } = context;
  const discovery = discoveryPathIn(config);
  if (discovery === undefined || (await host.stat(discovery)) === null) return;
  const credentials = await readKubeconfig(host, discovery);
  let answers: TokenAnswers = { taken: 0, refused: 0, takenInRow: 0, elapsedMs: 0 };
  let refusedAt: number | null = null;
  for (;;) {
    signal.throwIfAborted();
    const answer = await askOnce(credentials, context);
    if (answer === 'refused' && refusedAt === null) {
      refusedAt = clock.boot();
      context.progress('waits: a master does not take the join credentials');
    }
    answers = {
      taken: answers.taken + (answer === 'taken' ? 1 : 0),
      refused: answers.refused + (answer === 'refused' ? 1 : 0),
      takenInRow: answer === 'taken' ? answers.takenInRow + 1 : 0,
      elapsedMs: refusedAt === null ? 0 : clock.boot() - refusedAt,
    };
    const verdict = judgeToken(answers);
    if (verdict === 'expired') throw credentialsExpired(discovery);
    if (verdict !== 'ask-again') return;
    await clock.sleep(betweenMs, signal);
  }
}

async function askOnce(credentials: KubeCredentials, { kube }: StepContext): Promise<TokenAnswer> {
  using api = kube(credentials);
  const probe = await patient(async () => done(await api.request('GET', path)));
  if (probe.kind === 'waits' || probe.value.status >= 500) return 'none';
  return probe.value.status === 401 ? 'refused' : 'taken';
}

function credentialsExpired(what: string): AppError {
  return new AppError(
    'credentials-expired',
    `${what}: the cluster does not take the join credentials any more: new ones have to be made`,
  );
}
