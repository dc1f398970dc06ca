// Every name that a lab gives to something of the machine, made from the lab's and the host's name.
// Two labs cannot meet because no name of one can be a name of the other: the parts are joined by
// dots, which neither part may hold. What a crash left behind is found again by these names.
import { UsageError } from '../caller-error.ts';

/** First part of the name of each namespace, cgroup and machine of any lab. */
const prefix = 'muster';

const labPattern = /^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/;
const hostPattern = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;

export function parseLabName(text: string): string {
  if (labPattern.test(text)) return text;
  throw new UsageError(`"${text}" cannot name a lab: 1 to 20 of a-z, 0-9 and - (not at an end)`);
}

export function parseHostName(text: string): string {
  if (hostPattern.test(text)) return text;
  throw new UsageError(`"${text}" cannot name a host: 1 to 32 of a-z, 0-9 and - (not at an end)`);
}

/** The namespace where a lab's bridge lives, and its coordinator. */
export function fabricNamespaceName(lab: string): string {
  return `${prefix}.${lab}`;
}

/** The network namespace of a host; the same words name its cgroups. */
export function hostScopeName(lab: string, host: string): string {
  return `${prefix}.${lab}.${host}`;
}

/** What the names of all hosts' namespaces and cgroups of a lab begin with. */
export function hostScopePrefix(lab: string): string {
  return `${prefix}.${lab}.`;
}

/** The machine name given to the container manager: a host name, so without dots of ours. */
export function machineName(lab: string, host: string): string {
  return `${prefix}-${lab}-${host}`;
}

/** The host's end of its cable as seen in the fabric; a number keeps it under 15 characters. */
export function cableName(addressNumber: number): string {
  return `host${addressNumber}`;
}
