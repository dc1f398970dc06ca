// What steps are given by an agent, for tests that run plans: a host, a cluster and artifacts in memory.
import type { StepServices } from '../../agent/plan/step-context.ts';
import { silentLogger } from '../../shared/log.ts';
import { systemRandom } from '../../shared/random.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeHost } from '../fakes/host.ts';
import { FakeKube } from '../fakes/kube-api.ts';
import { FakeLink } from '../fakes/link.ts';
import { newSigningKeys } from './signed-plans.ts';

export function fakeServices(overrides: Partial<StepServices> = {}): StepServices {
  const link = new FakeLink(newSigningKeys());
  return {
    host: new FakeHost(),
    openKube: new FakeKube().open,
    httpGet: async (url) => {
      throw new Error(`this test asks nothing of ${url}`);
    },
    tlsPeek: async ({ port }) => {
      throw new Error(`nothing serves at port ${port}`);
    },
    clock: new FakeClock(),
    log: silentLogger,
    random: systemRandom,
    stateDirectory: '/state',
    artifacts: { path: () => '', has: async () => true, fetch: async () => '' },
    link: () => link,
    upload: async ({ path }) => {
      throw new Error(`this test sends nothing, and ${path} was to be sent`);
    },
    nodeKeyPem: '',
    isContainer: async () => false,
    ...overrides,
  };
}
