// A CoordinatorLink in memory: answers as a coordinator would, remembers what it was told, and fails
// when a test says so. It passes the contract suite of the real one.
import type { CoordinatorLink, Poll, PollReply } from '../../agent/link/coordinator-link.ts';
import { sha256Hex } from '../../shared/canonical.ts';
import type { AppError } from '../../shared/errors.ts';
import type { NodeFacts } from '../../shared/model/facts.ts';
import type { Answer, Plan } from '../../shared/model/plan.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import { untilAborted } from '../../shared/until-aborted.ts';
import { anAnswer, type SigningKeys, signedAnswer, signedPlan } from '../support/signed-plans.ts';

export class FakeLink implements CoordinatorLink {
  readonly polls: Poll[] = [];
  readonly facts: NodeFacts[] = [];
  readonly journals = new Map<string, JournalRecord[]>();
  readonly plans: Plan[] = [];
  answer: Partial<Answer> = {};
  /** Thrown by the next calls, one each. */
  readonly failures: AppError[] = [];
  isClosed = false;
  private readonly keys: SigningKeys;
  private held: (() => void)[] = [];

  constructor(keys: SigningKeys) {
    this.keys = keys;
  }

  /** Ends polls that are held. */
  ring(): void {
    for (const wake of this.held.splice(0)) wake();
  }

  async reportFacts(facts: NodeFacts, signal: AbortSignal): Promise<{ readonly digest: string }> {
    this.begin(signal);
    this.facts.push(facts);
    return { digest: sha256Hex(JSON.stringify(facts)) };
  }

  async pullPlan(poll: Poll, signal: AbortSignal): Promise<PollReply> {
    this.begin(signal);
    this.polls.push(poll);
    if (poll.holdMs > 0 && this.plans.length === 0) await this.hold(signal);
    const nonce = Buffer.from(poll.nonce).toString('base64');
    return {
      plans: this.plans.map((plan) => signedPlan(plan, this.keys.plan)),
      answer: signedAnswer(anAnswer({ nonce, ...this.answer }), this.keys.control),
    };
  }

  async reportProgress(
    journalId: string,
    offset: number,
    records: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<number> {
    this.begin(signal);
    const journal = this.journals.get(journalId) ?? [];
    this.journals.set(journalId, journal);
    const isGap = offset > journal.length;
    const fresh = isGap ? [] : records.slice(journal.length - offset);
    journal.push(
      ...fresh.map((bytes) => JSON.parse(Buffer.from(bytes).toString()) as JournalRecord),
    );
    return journal.length;
  }

  async signCertificate(
    _request: Parameters<CoordinatorLink['signCertificate']>[0],
    signal: AbortSignal,
  ): Promise<{ readonly certificate: string; readonly ca: string }> {
    this.begin(signal);
    return { certificate: 'certificate', ca: 'ca' };
  }

  async renew(
    _csr: Uint8Array,
    counter: number,
    signal: AbortSignal,
  ): Promise<{ readonly chain: readonly Uint8Array[]; readonly counter: number }> {
    this.begin(signal);
    return { chain: [], counter: counter + 1 };
  }

  close(): void {
    this.isClosed = true;
  }

  private begin(signal: AbortSignal): void {
    signal.throwIfAborted();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }

  private async hold(signal: AbortSignal): Promise<void> {
    const rung = Promise.withResolvers<void>();
    this.held.push(rung.resolve);
    await untilAborted(signal, rung.promise);
  }
}
