// Kubernetes versions as operators write them: with the leading v. Comparison is semver's.
import semver from 'semver';

/** `v1.37.1` and the like; @throws TypeError otherwise. */
export function parseKubernetesVersion(text: string): { minor: number; text: string } {
  const parsed = /^v\d/.test(text) ? semver.parse(text.slice(1)) : null;
  if (parsed === null || parsed.major !== 1) {
    throw new TypeError(`not a Kubernetes version such as v1.37.1: ${JSON.stringify(text)}`);
  }
  return { minor: parsed.minor, text };
}

/** Versions with or without a leading v. */
export function isAtLeast(version: string, minimum: string): boolean {
  return semver.gte(version.replace(/^v/, ''), minimum.replace(/^v/, ''));
}
