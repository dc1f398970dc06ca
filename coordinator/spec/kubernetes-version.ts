// Versions of Kubernetes, compared: v1.MINOR.PATCH.

interface Parts {
  readonly minor: number;
  readonly patch: number;
}

function partsOf(version: string): Parts {
  const [, minor = '0', patch = '0'] = /^v1\.(\d+)\.(\d+)$/.exec(version) ?? [];
  return { minor: Number(minor), patch: Number(patch) };
}

/** Below 0: `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  return left.minor - right.minor || left.patch - right.patch;
}

/** Minors from one to the other: negative when `to` is older. */
export const minorsBetween = (from: string, to: string): number =>
  partsOf(to).minor - partsOf(from).minor;

export const isOtherMinor = (to: string, from: string): boolean => minorsBetween(from, to) !== 0;

/** As people write a minor without a patch. */
export const nextMinor = (version: string): string => `a v1.${partsOf(version).minor + 1}`;
