// A lock as read from a file, and whether it is one for a given cluster. Pure.
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { plainText } from '../../shared/plain-text.ts';
import { artifactNames } from './catalogue.ts';
import { isKubernetesPart } from './directory-source.ts';
import type { ArtifactLock } from './lock.ts';
import { lockedArtifactSchema } from './lock-schema.ts';

const lockSchema = z.strictObject({
  schema: z.literal('muster/artifact-lock/v1'),
  artifacts: z.array(lockedArtifactSchema),
});

/** @throws AppError invalid, with every fault. */
export function parseLock(text: string, file: string): ArtifactLock {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError(
      'invalid',
      `${file} is not JSON: make it with \`coordinator artifacts lock\``,
      { cause },
    );
  }
  const result = lockSchema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError(
    'invalid',
    `${file} is not an artifact lock: ${plainText(z.prettifyError(result.error))}`,
  );
}

/** Everything that makes the lock unfit for the cluster; empty when it fits. */
export function lockFaults(lock: ArtifactLock, kubernetesVersion: string): string[] {
  const archs = [...new Set(lock.artifacts.map((entry) => entry.arch))];
  if (archs.length === 0) return ['the artifact lock is empty: no artifact is named in it'];
  return archs.flatMap((arch) => {
    const entries = lock.artifacts.filter((entry) => entry.arch === arch);
    const missing = artifactNames.filter((name) => entries.every((entry) => entry.name !== name));
    const other = entries.filter(
      (entry) => isKubernetesPart(entry.name) && entry.version !== kubernetesVersion,
    );
    const twice = entries.filter(
      (entry, index) => entries.findIndex(({ name }) => name === entry.name) !== index,
    );
    const nameless = entries.filter((entry) => entry.kind === 'image' && entry.reference === null);
    return [
      ...(missing.length > 0 ? [`the artifact lock lacks for ${arch}: ${missing.join(', ')}`] : []),
      ...other.map(
        ({ name, version }) =>
          `the artifact lock has ${name} ${version} (${arch}), the spec says ${kubernetesVersion}`,
      ),
      ...twice.map(({ name }) => `the artifact lock has ${name} (${arch}) twice`),
      ...nameless.map(
        ({ name }) => `the artifact lock has no image reference for ${name} (${arch})`,
      ),
    ];
  });
}
