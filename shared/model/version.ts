// Versions as releases and kernels write them. Comparison is semver's.
import semver from 'semver';

/** Versions with or without a leading v. */
export function isAtLeast(version: string, minimum: string): boolean {
  return semver.gte(version.replace(/^v/, ''), minimum.replace(/^v/, ''));
}
