// A fleet for a test or the bench: a new one, whatever an earlier run left behind.

import { openFleet } from './fleet/open-fleet.ts';
import type { Fleet } from './fleet.ts';
import { openLab } from './lab.ts';

export interface TestFleetOptions {
  readonly lab: string;
  readonly masters: 1 | 3;
  /** @default the newest that the lab can build */
  readonly kubernetes?: string;
  readonly log: (line: string) => void;
}

export async function openTestFleet(options: TestFleetOptions): Promise<Fleet> {
  const stale = await openLab({ name: options.lab, log: options.log });
  await stale.down();
  return openFleet({ ...options, artifacts: 'built' });
}
