// All of them.
import { measuredGate, youngAnswer } from './gates.ts';
import { honestStay } from './identity.ts';
import type { Invariant } from './invariant.ts';
import { onceOnly } from './once.ts';
import { oneChange } from './one-change.ts';
import { noLower, numbersOnce } from './order.ts';
import { quorum } from './quorum.ts';
import { agentRemembers, coordinatorRemembers } from './survival.ts';

export const invariants: readonly Invariant[] = [
  oneChange,
  quorum,
  measuredGate,
  youngAnswer,
  onceOnly,
  coordinatorRemembers,
  agentRemembers,
  noLower,
  numbersOnce,
  honestStay,
];
