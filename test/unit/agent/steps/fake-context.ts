// A StepContext around a FakeHost: a clock that jumps ahead instead of sleeping, artifacts that are
// files of the fake host, and what was said collected as sentences.
import { httpGet } from '../../../../agent/host/http-get.ts';
import { connectKubeApi } from '../../../../agent/host/node-kube-api.ts';
import type { StepContext } from '../../../../agent/steps/step-runner.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { ArtifactReference } from '../../../../shared/model/step.ts';
import { systemRandom } from '../../../../shared/random.ts';
import type { FakeHost } from '../../../fakes/host.ts';

export interface FakeContext extends StepContext {
  readonly host: FakeHost;
  readonly said: string[];
}

/** Sleeping takes no time and moves the clock. */
export function jumpingClock(startMs = 1_800_000_000_000): Clock {
  let elapsedMs = 0;
  return {
    now: () => startMs + elapsedMs,
    boot: () => 1_000_000 + elapsedMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      elapsedMs += ms;
    },
  };
}

export function fakeContext(host: FakeHost, overrides: Partial<StepContext> = {}): FakeContext {
  const said: string[] = [];
  const artifactPath = (reference: ArtifactReference) => `/store/${reference.sha256}`;
  const signal = overrides.signal ?? new AbortController().signal;
  return {
    clock: jumpingClock(),
    log: silentLogger,
    signal,
    kube: (credentials, other = signal) => connectKubeApi(credentials, other),
    httpGet,
    tlsPeek: async ({ port }) => {
      throw new Error(`nothing serves at port ${port}`);
    },
    random: systemRandom,
    stateDirectory: '/state',
    planId: 'p1',
    plan: { fleet: 'f-1', cluster: 'lab' },
    stepId: 'step',
    unit: 'muster-p1-step-1',
    timeoutMs: 60_000,
    artifact: async (reference) => artifactPath(reference),
    hasArtifact: async (reference) => host.files.has(artifactPath(reference)),
    artifactPath,
    signCertificate: async () => {
      throw new Error('this test signs nothing');
    },
    upload: async () => {
      throw new Error('this test sends nothing');
    },
    unseal: async () => {
      throw new Error('this test unseals nothing');
    },
    progress: (sentence) => void said.push(sentence),
    isContainer: async () => false,
    ...overrides,
    host,
    said,
  };
}
