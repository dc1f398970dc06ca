// All of them.
import { agentBugs } from './agent-bugs.ts';
import type { Bug } from './bug.ts';
import { coordinatorBugs } from './coordinator-bugs.ts';

export const bugs: readonly Bug[] = [...agentBugs, ...coordinatorBugs];
