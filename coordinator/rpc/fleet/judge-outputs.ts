// What steps answer, judged by the kind of the step before it is stored: other hosts' plans, an
// operator's kubeconfig and terminals are made of it. A step whose answer is not what its kind answers
// has failed, and so has its plan; the rest of the fleet is decided on without it.
import { alphabets, isOf, type TextKind } from '../../../shared/alphabets.ts';
import { parseBlockingPods } from '../../../shared/model/drain.ts';
import type { JournalRecord, StepError, StepOutputs } from '../../../shared/model/progress.ts';
import type { SealedSecret, StepKind } from '../../../shared/model/step.ts';
import { plainText } from '../../../shared/plain-text.ts';
import type { PlanRecord } from '../../store/records.ts';

/** The value as it is stored, or null when it is not of its kind. */
type Judge = { readonly what: string; readonly judge: (value: string) => string | null };

const of = (kind: TextKind): Judge => ({
  what: alphabets[kind].what,
  judge: (value) => (isOf(kind, value) ? value : null),
});
const lines: Judge = { what: 'lines of text', judge: plainText };
/** Of a newer agent: nothing here reads it, so little of it is enough. */
const unknown: Judge = { what: 'text', judge: (value) => plainText(value.slice(0, 1_024)) };
const mostOutputs = 32;
const sealed: Judge = { what: 'a sealed secret', judge: judgeSealed };

const count: Judge = {
  what: 'a number',
  judge: (value) => (/^(0|[1-9]\d{0,5})$/.test(value) ? value : null),
};
const blocking: Judge = {
  what: 'a list of pods',
  judge: (value) => {
    const pods = parseBlockingPods(value);
    return pods === null ? null : JSON.stringify(pods);
  },
};

const answers: Partial<Readonly<Record<StepKind, Readonly<Record<string, Judge>>>>> = {
  'read-ca-digest': { caDigest: of('sha256') },
  'check-etcd-registry': { state: of('identifier') },
  'etcd-snapshot': {
    revision: of('identifier'),
    hash: of('identifier'),
    bytes: of('identifier'),
    path: of('path'),
  },
  'prune-snapshots': { kept: lines },
  'seal-snapshot': { sha256: of('sha256'), bytes: of('identifier'), key: of('identifier') },
  'defragment-etcd': { before: of('identifier'), after: of('identifier') },
  'create-join-credentials': { sealed, tokenId: of('bootstrapTokenId') },
  'issue-user-certificate': { certificate: of('pem'), ca: of('pem') },
  'cordon-node': { cordoned: of('identifier') },
  'uncordon-node': { uncordoned: of('identifier') },
  'drain-node': { left: count, blocking, cordoned: of('identifier') },
  'smoke-test': { lines, result: of('identifier') },
};

function judgeSealed(value: string): string | null {
  let parsed: Partial<Record<keyof SealedSecret, unknown>>;
  try {
    parsed = JSON.parse(value) as typeof parsed;
  } catch {
    return null;
  }
  if (parsed === null || typeof parsed !== 'object') return null;
  const { encapsulated, ciphertext, context } = parsed;
  if (typeof encapsulated !== 'string' || !isOf('base64', encapsulated)) return null;
  if (typeof ciphertext !== 'string' || !isOf('base64', ciphertext)) return null;
  if (typeof context !== 'string' || !isOf('sealContext', context)) return null;
  return JSON.stringify({ encapsulated, ciphertext, context } satisfies SealedSecret);
}

/**
 * The record as it may be applied to its plan, the records before it being applied already. An output
 * that this coordinator does not know (of a newer agent) is kept as the start of a plain text.
 */
export function judgeOutputs(plan: PlanRecord, record: JournalRecord): JournalRecord {
  if (record.event === 'plan-finished' && record.state === 'done') {
    const bad = plan.steps.find(({ error }) => error?.code === badOutput);
    return bad === undefined ? record : { ...record, state: 'failed', error: bad.error };
  }
  if (record.event !== 'step-outcome') return record;
  const steps = plan.stages.flatMap((stage) => stage.steps);
  const kind = steps.find(({ id }) => id === record.stepId)?.kind ?? '';
  const known = Object.hasOwn(answers, kind) ? answers[kind as StepKind] : undefined;
  const outputs: Record<string, string> = {};
  for (const [name, value] of Object.entries(record.outputs)) {
    const judge = known !== undefined && Object.hasOwn(known, name) ? known[name] : unknown;
    const isName = isOf('identifier', name) && Object.keys(outputs).length < mostOutputs;
    const good = isName ? judge?.judge(value) : null;
    if (good === null || good === undefined) {
      const error = fault(plan, record.stepId, { name, value, what: judge?.what ?? '' });
      return { ...record, result: 'failed', outputs: {}, error };
    }
    outputs[name] = good;
  }
  return { ...record, outputs: outputs satisfies StepOutputs };
}

const badOutput = 'bad-output';

function fault(
  plan: PlanRecord,
  stepId: string,
  seen: { readonly name: string; readonly value: string; readonly what: string },
): StepError {
  // Neither the value nor a name that is none: what is not of its kind is not shown either.
  const seenAs = isOf('identifier', seen.name)
    ? `answered ${seen.value.length} characters as ${seen.name} of step ${stepId} that are not ${seen.what}`
    : `gave an output of step ${stepId} a name that is none`;
  return {
    code: badOutput,
    message: `${plan.nodeName} ${seenAs}: nothing of it is used; look at what runs on that host`,
    command: null,
    outputTail: null,
    retryable: false,
  };
}
