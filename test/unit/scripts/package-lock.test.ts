import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { satisfies } from 'semver';
import { expect, test } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const path = join(import.meta.dirname, '../../../package-lock.json');

/** Where a package that lies at `from` finds `name`, as Node looks for it. */
function lockedAt(
  packages: Readonly<Record<string, LockedPackage>>,
  from: string,
  name: string,
): LockedPackage | undefined {
  for (
    let place = from;
    ;
    place = place.slice(0, Math.max(0, place.lastIndexOf('node_modules/')))
  ) {
    const base = place === '' || place.endsWith('/') ? place : `${place}/`;
    const found = packages[`${base}node_modules/${name}`];
    if (found !== undefined || place === '') return found;
  }
}

/** npm ci refuses a lock that lacks one, a build for another platform too, but only where nothing is installed. */
test('the lock has every package that a package in it asks for, those of other platforms too', async () => {
  const { packages } = JSON.parse(await readFile(path, 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const missing = Object.entries(packages).flatMap(([from, entry]) => {
    const wanted = {
      ...entry.dependencies,
      ...entry.devDependencies,
      ...entry.optionalDependencies,
    };
    return Object.entries(wanted).flatMap(([name, range]) => {
      const found = lockedAt(packages, from, name);
      return found !== undefined && satisfies(found.version ?? '', range)
        ? []
        : [`${from}: ${name} ${range}`];
    });
  });
  expect(missing).toEqual([]);
});
