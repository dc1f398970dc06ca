import { expect, test } from 'vitest';
import { stepContext } from '../../../../agent/plan/step-context.ts';
import { AppError } from '../../../../shared/errors.ts';
import { asStepId } from '../../../../shared/model/ids.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { FakeLink } from '../../../fakes/link.ts';
import { aPlan, newSigningKeys } from '../../../support/signed-plans.ts';
import { fakeServices } from '../../../support/step-services.ts';

function aContext(sign: () => Promise<{ certificate: string; ca: string }>) {
  const said: string[] = [];
  const clock = new FakeClock();
  const link = new FakeLink(newSigningKeys());
  link.signCertificate = sign;
  const context = stepContext(fakeServices({ clock, link: () => link }), {
    plan: aPlan(),
    turn: {
      mode: 'run',
      step: {
        id: asStepId('certificate'),
        kind: 'remove-path',
        args: { path: '/x' },
        timeoutSeconds: 60,
        effect: 'change',
        onStop: 'finish',
        beginWithinSeconds: null,
      },
      attempt: 1,
      unit: 'muster-p1-certificate-1',
      earlierUnits: [],
    },
    signal: new AbortController().signal,
    say: (sentence) => said.push(sentence),
  });
  return { context, clock, said };
}

test('a request for a certificate waits for a coordinator that is away', async () => {
  let calls = 0;
  const { context, clock, said } = aContext(async () => {
    calls += 1;
    if (calls < 4) throw new AppError('unavailable', 'nobody answers', { retryable: true });
    return { certificate: 'certificate', ca: 'ca' };
  });
  const signed = context.signCertificate('etcd-peer', new Uint8Array());
  for (let turn = 0; turn < 20 && calls < 4; turn += 1) await clock.advance(5_000);
  expect(await signed).toEqual({ certificate: 'certificate', ca: 'ca' });
  expect(calls).toBe(4);
  expect(said[0]).toBe('waits for its certificate: nobody answers');
});

test('a request that the coordinator refuses is not repeated', async () => {
  let calls = 0;
  const { context } = aContext(async () => {
    calls += 1;
    throw new AppError('permission-denied', 'no plan names this profile');
  });
  await expect(context.signCertificate('etcd-peer', new Uint8Array())).rejects.toThrow(
    'no plan names',
  );
  expect(calls).toBe(1);
});
