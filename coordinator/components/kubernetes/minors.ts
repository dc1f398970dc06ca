// The minors of Kubernetes that this version of Muster installs: one row each.
import { AppError } from '../../../shared/errors.ts';
import { kubernetesMinor } from '../../../shared/model/version.ts';
import type { KubernetesMinor } from './minor.ts';
import { v1_36 } from './v1.36.ts';
import { v1_37 } from './v1.37.ts';

const minors: readonly KubernetesMinor[] = [v1_36, v1_37];

/** As shown to operators. */
export const knownMinors = (): readonly string[] => minors.map(({ minor }) => `v1.${minor}`);

/** Null for a minor without a row. @param version such as v1.37.1 */
export function minorOf(version: string): KubernetesMinor | null {
  const minor = kubernetesMinor(version);
  return minors.find((row) => row.minor === minor) ?? null;
}

/** @throws AppError refused, naming the minors there are */
export function requireMinor(version: string): KubernetesMinor {
  const found = minorOf(version);
  if (found !== null) return found;
  throw new AppError(
    'refused',
    `this version of Muster has no bill of materials for Kubernetes ${version}; it has any patch of ${knownMinors().join(', ')}`,
  );
}
