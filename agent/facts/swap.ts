// Swap that is on, and what would turn it on at the next boot.
import type { SwapFact } from '../../shared/model/facts.ts';
import { readSwapState } from '../host/swap-state.ts';
import type { ProbeSources } from './probe.ts';

export const swap = async ({ host }: ProbeSources): Promise<SwapFact> => await readSwapState(host);
