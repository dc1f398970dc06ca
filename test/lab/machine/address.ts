// Numbers that must not be given twice: the subnet of a lab among labs, the address of a host in
// its lab. A number is a file that could only be made once, and the file says whose it is.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './exists.ts';

const firstSubnet = 1;
const lastSubnet = 250;
const firstHost = 11;
const lastHost = 250;

/** The subnet number of a lab, claimed at the first call. */
export function claimSubnet(directory: string, lab: string): Promise<number> {
  return claimNumber({ directory, owner: lab, first: firstSubnet, last: lastSubnet });
}

/** The last number of a host's address, claimed at the first call. */
export function claimAddress(directory: string, host: string): Promise<number> {
  return claimNumber({ directory, owner: host, first: firstHost, last: lastHost });
}

/** Every claimed number with its owner. */
export async function readClaims(directory: string): Promise<ReadonlyMap<string, number>> {
  const claims = new Map<string, number>();
  for (const name of await listDirectory(directory)) {
    try {
      claims.set(await readFile(join(directory, name), 'utf8'), Number(name));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return claims;
}

/** Gives an owner's number back. */
export async function releaseClaim(directory: string, owner: string): Promise<void> {
  const number = (await readClaims(directory)).get(owner);
  if (number !== undefined) await rm(join(directory, String(number)), { force: true });
}

/** The names in a directory; none when it is not there. */
export async function listDirectory(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

interface ClaimRequest {
  readonly directory: string;
  readonly owner: string;
  readonly first: number;
  readonly last: number;
}

async function claimNumber(request: ClaimRequest): Promise<number> {
  const { directory, owner, first, last } = request;
  await mkdir(directory, { recursive: true });
  const claims = await readClaims(directory);
  const known = claims.get(owner);
  if (known !== undefined) return known;
  const taken = new Set(claims.values());
  for (let number = first; number <= last; number += 1) {
    if (taken.has(number)) continue;
    try {
      await writeFile(join(directory, String(number)), owner, { flag: 'wx' });
      return number;
    } catch (error) {
      // Another process was quicker; the next number may be free.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
  throw new Error(`no number from ${first} to ${last} is free in ${directory}`);
}
