// An artifact in the agent's own store: the part of an install that touches nothing else, done as soon
// as a host has joined.
import { AppError } from '../../shared/errors.ts';
import type { StepRunner } from './step-runner.ts';

export const fetchArtifact: StepRunner<'fetch-artifact'> = {
  kind: 'fetch-artifact',
  title: ({ artifact }) => `fetch ${artifact.name} ${artifact.version}`,

  check: async ({ artifact }, { hasArtifact }) => {
    if (await hasArtifact(artifact)) return { kind: 'satisfied' };
    return { kind: 'needed', why: `${artifact.name} ${artifact.version} is not in the store` };
  },

  apply: async ({ artifact }, context) => {
    await context.artifact(artifact);
    return {};
  },

  // The store hashed every byte as it came.
  verify: async ({ artifact }, { hasArtifact }) => {
    if (await hasArtifact(artifact)) return;
    throw new AppError('artifact', `${artifact.name} is not in the store although it was fetched`, {
      retryable: true,
    });
  },
};
