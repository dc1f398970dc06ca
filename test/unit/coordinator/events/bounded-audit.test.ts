import { expect, it } from 'vitest';
import { boundedAudit } from '../../../../coordinator/events/bounded-audit.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { recordedAudit } from '../../../support/quiet-parts.ts';

it('what a host brings about again and again is written so often, and then how much was left out', async () => {
  const clock = manualClock();
  const written = recordedAudit();
  const audit = boundedAudit(written, clock);
  for (let index = 0; index < 100; index += 1) await audit.append('renewed', { nodeId: 'a' });
  await audit.append('renewed', { nodeId: 'b' });
  expect(written.entries).toHaveLength(21);
  clock.advance(120_000);
  await audit.append('renewed', { nodeId: 'a' });
  expect(written.entries.at(-1)).toEqual({
    event: 'renewed',
    fields: { nodeId: 'a', leftOut: 80 },
  });
});

it('what an operator or the coordinator did is always written', async () => {
  const written = recordedAudit();
  const audit = boundedAudit(written, manualClock());
  for (let index = 0; index < 100; index += 1) await audit.append('operator', { nodeId: 'a' });
  expect(written.entries).toHaveLength(100);
});
