// Versions as releases and kernels write them. Comparison is semver's.
import semver from 'semver';

/** Versions with or without a leading v. */
export function isAtLeast(version: string, minimum: string): boolean {
  return semver.gte(version.replace(/^v/, ''), minimum.replace(/^v/, ''));
}

/** The 37 of `v1.37.1`. @throws TypeError for anything but a version of Kubernetes 1 with its leading v */
export function kubernetesMinor(text: string): number {
  const parsed = /^v\d/.test(text) ? semver.parse(text.slice(1)) : null;
  if (parsed === null || parsed.major !== 1) {
    throw new TypeError(`not a Kubernetes version such as v1.37.1: ${JSON.stringify(text)}`);
  }
  return parsed.minor;
}
