// From the verified bytes of a plan to a Plan, checked by hand: schema first, then every field, then
// every step against the shape of its kind. Anything unknown is refused, never skipped. Pure.
import { alphabets, isOf, type TextKind } from '../../shared/alphabets.ts';
import { isStepId } from '../../shared/model/ids.ts';
import type { Plan } from '../../shared/model/plan.ts';
import type { StepKind } from '../../shared/model/step.ts';
import { stepKinds } from '../../shared/model/step-kinds.ts';
import { findStepFault } from './step-shape.ts';

export type ParsedPlan =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | {
      readonly kind: 'fault';
      readonly reason: 'unknown-schema' | 'unknown-step';
      readonly message: string;
      /** As far as it could be read: the bytes were verified. */
      readonly planId: string | null;
    };

type Json = Readonly<Record<string, unknown>>;

const texts: Readonly<Record<string, TextKind>> = {
  fleet: 'identifier',
  cluster: 'identifier',
  nodeId: 'identifier',
  planId: 'planId',
  goal: 'line',
  contentKey: 'line',
  minAgentVersion: 'version',
  factsDigest: 'identifier',
};
const longestText = 500;

/** Far from where two numbers look alike, so that any number leaves room for higher ones. */
const highestNumber = 2 ** 48;
/** Of a Date. */
const latestMs = 8_640_000_000_000_000;
const numbers: Readonly<Record<string, number>> = {
  epoch: highestNumber,
  sequence: highestNumber,
  notBeforeMs: latestMs,
  expiresMs: latestMs,
};
const fields = new Set([
  'schema',
  'lane',
  'stages',
  ...Object.keys(texts),
  ...Object.keys(numbers),
]);

/** More than the longest runbook has, by far. */
const mostStages = 100;
const mostSteps = 1_000;

/** A plan id is part of unit names and of file names. */
export const isPlanId = (value: unknown): value is string =>
  typeof value === 'string' && isOf('planId', value);

const versionForm = /^(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){2}$/;

export function parsePlan(bytes: Uint8Array, kinds: ReadonlySet<string>): ParsedPlan {
  const value = jsonObject(bytes);
  if (value === null) return schemaFault('the payload is not one JSON object', null);
  const planId = isPlanId(value['planId']) ? value['planId'] : null;
  if (value['schema'] !== 'muster/plan/v1') {
    return schemaFault(`schema ${show(value['schema'])}; this agent knows muster/plan/v1`, planId);
  }
  const fault = findPlanFault(value);
  if (fault !== null) return schemaFault(fault, planId);
  const stepFault = findStagesFault(value['stages'] as readonly unknown[], kinds);
  if (stepFault !== null)
    return { kind: 'fault', reason: 'unknown-step', message: stepFault, planId };
  return { kind: 'plan', plan: value as unknown as Plan };
}

function findPlanFault(value: Json): string | null {
  const unknown = Object.keys(value).find((name) => !fields.has(name));
  if (unknown !== undefined) return `unknown field ${show(unknown)}`;
  for (const [name, kind] of Object.entries(texts)) {
    const text = value[name];
    if (typeof text !== 'string' || text === '') return `${name} must be a text`;
    if (text.length > longestText || !isOf(kind, text))
      return `${name} ${show(text)} is not ${alphabets[kind].what}`;
  }
  for (const [name, highest] of Object.entries(numbers)) {
    const number = value[name];
    const isWhole = Number.isSafeInteger(number) && Number(number) >= 0;
    if (!isWhole || Number(number) > highest)
      return `${name} must be a whole number from 0 to ${highest}`;
  }
  if (value['lane'] !== 'host' && value['lane'] !== 'cluster') return `lane ${show(value['lane'])}`;
  if (!versionForm.test(value['minAgentVersion'] as string))
    return 'minAgentVersion must be a version';
  return Array.isArray(value['stages']) ? null : 'stages must be a list';
}

function findStagesFault(stages: readonly unknown[], kinds: ReadonlySet<string>): string | null {
  if (stages.length > mostStages) return `a plan has at most ${mostStages} stages`;
  const ids: string[] = [];
  for (const stage of stages) {
    const fault = findStageFault(stage);
    if (fault !== null || !isObject(stage)) return fault ?? 'a stage is an object';
    if (ids.length + (stage['steps'] as readonly unknown[]).length > mostSteps)
      return `a plan has at most ${mostSteps} steps`;
    for (const step of stage['steps'] as readonly unknown[]) {
      if (!isObject(step)) return 'a step is an object';
      const fault =
        findCommonFault(step, kinds) ?? findStepFault(step['kind'] as string, step['args']);
      if (fault !== null) return `step ${show(step['id'])} of kind ${show(step['kind'])}: ${fault}`;
      ids.push(step['id'] as string);
    }
  }
  return findIdFault(ids);
}

function findStageFault(stage: unknown): string | null {
  if (!isObject(stage) || !Array.isArray(stage['steps']))
    return 'a stage has a title and a list of steps';
  const { title } = stage;
  if (typeof title !== 'string' || title.length > longestText || !isOf('line', title))
    return `the title of a stage ${show(title)} is not ${alphabets.line.what}`;
  const unknown = Object.keys(stage).find((name) => name !== 'title' && name !== 'steps');
  return unknown === undefined ? null : `unknown field ${show(unknown)} of a stage`;
}

const stepFields = new Set([
  'id',
  'kind',
  'args',
  'timeoutSeconds',
  'effect',
  'onStop',
  'beginWithinSeconds',
]);
const longestTimeoutSeconds = 24 * 3600;

function findCommonFault(step: Json, kinds: ReadonlySet<string>): string | null {
  const unknown = Object.keys(step).find((name) => !stepFields.has(name));
  if (unknown !== undefined) return `unknown field ${show(unknown)}`;
  if (typeof step['id'] !== 'string' || !isStepId(step['id'])) return 'the id is not a step id';
  if (typeof step['kind'] !== 'string' || !kinds.has(step['kind']))
    return 'this agent does not know the kind';
  if (!isWithin(step['timeoutSeconds'], longestTimeoutSeconds))
    return 'timeoutSeconds must be 1 to 86400';
  const allowed: readonly unknown[] = stepKinds[step['kind'] as StepKind].effects;
  if (!allowed.includes(step['effect'])) {
    return `effect ${show(step['effect'])}: the kind may only ${allowed.join(' or ')}`;
  }
  if (step['onStop'] !== 'interrupt' && step['onStop'] !== 'finish')
    return `onStop ${show(step['onStop'])}`;
  const beginWithin = step['beginWithinSeconds'];
  if (beginWithin !== null && !isWithin(beginWithin, longestTimeoutSeconds)) {
    return 'beginWithinSeconds must be a number of seconds or null';
  }
  return null;
}

/** Ids name the steps in the journal and in unit names. */
function findIdFault(ids: readonly string[]): string | null {
  const seen = new Set<string>();
  const twice = ids.find((id) => seen.size === seen.add(id).size);
  return twice === undefined ? null : `two steps with the id ${twice}`;
}

const isWithin = (value: unknown, limit: number): boolean =>
  typeof value === 'number' && value > 0 && value <= limit;

const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

function jsonObject(bytes: Uint8Array): Json | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const schemaFault = (message: string, planId: string | null): ParsedPlan => ({
  kind: 'fault',
  reason: 'unknown-schema',
  message: `cannot read the plan: ${message}`,
  planId,
});

const show = (value: unknown): string => String(JSON.stringify(value) ?? 'nothing').slice(0, 80);
