// Every protection that can be taken out of the code by name. One that is new gets a line here: a
// protection that no test holds is gone with the next change, and nobody notices.
import { drainMutations } from './drain-mutations.ts';
import { identityMutations } from './identity-mutations.ts';
import { memberMutations } from './member-mutations.ts';
import type { Mutation } from './mutation.ts';
import { planMutations } from './plan-mutations.ts';

export const mutations: readonly Mutation[] = [
  ...planMutations,
  ...memberMutations,
  ...identityMutations,
  ...drainMutations,
];
