// A preflight check: a name that operators can ignore, and a pure function from facts to what is
// wrong. "Unknown" is a fault of its own, never a pass.
import type { Known } from '../../../shared/model/facts.ts';
import type { ClusterSpec } from '../../spec/cluster-spec.ts';
import type { Member } from '../topology.ts';

/** One failed check of one host. */
export interface PreflightFault extends Finding {
  readonly check: string;
  readonly node: string;
}

export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly found: string;
  readonly needed: string;
  readonly mend: string;
}

export interface HostCheck {
  readonly name: string;
  run(member: Member, spec: ClusterSpec): readonly Finding[];
}

export const isMaster = (member: Member): boolean => member.pool.roles.includes('control-plane');
export const isEtcd = (member: Member): boolean => member.pool.roles.includes('etcd');

export const isBlocking = (fault: PreflightFault): boolean => fault.severity === 'error';

/** As shown to operators: what is wrong and the way out. */
export const sentence = (fault: PreflightFault): string =>
  `[${fault.check}] found ${fault.found}, needed ${fault.needed}; ${fault.mend}`;

/** The finding for a probe that did not work. */
export function notKnown(what: string): Finding {
  return {
    severity: 'warning',
    found: `the agent could not read ${what}`,
    needed: `${what} known`,
    mend: `run \`muster-agent facts\` on the host to see why, or ignore the check`,
  };
}

/** Runs `judge` on a known value; an unknown one is the `notKnown` finding. */
export function whenKnown<T>(
  value: Known<T>,
  what: string,
  judge: (known: Exclude<T, 'unknown'>) => readonly Finding[],
): readonly Finding[] {
  return value === 'unknown' ? [notKnown(what)] : judge(value as Exclude<T, 'unknown'>);
}

export const mebibytes = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MiB`;
