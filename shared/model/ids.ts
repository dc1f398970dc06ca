// Branded names of the things of a fleet, so that a plan id never goes where a node id belongs.

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** 16 hex digits: the start of the SHA-256 of the node key's SPKI. A new key is a new node. */
export type NodeId = Branded<'NodeId'>;
/** `p` and 12 base32 digits, unique in a fleet; short, because it is part of unit names. */
export type PlanId = Branded<'PlanId'>;
/** Unique in its plan, lower-case words joined by dashes: part of unit names and of logs. */
export type StepId = Branded<'StepId'>;

export const asNodeId = (text: string): NodeId => text as NodeId;
export const asPlanId = (text: string): PlanId => text as PlanId;

const stepIdForm = /^[a-z0-9][a-z0-9.-]{0,62}$/;

export const isStepId = (text: string): text is StepId => stepIdForm.test(text);

/** @throws TypeError when `text` is not a step id. */
export function asStepId(text: string): StepId {
  if (!isStepId(text)) throw new TypeError(`not a step id: ${JSON.stringify(text)}`);
  return text as StepId;
}
