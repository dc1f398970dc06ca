// The exec wrapper's own log: every command that ever ran on a host, written by the host. It survives
// agents, power and plans, and is what "never run twice without saying so" is counted by.

export interface Exec {
  readonly unit: string;
  readonly argv: readonly string[];
  readonly beganMs: number;
  /** Running it when its effect is there already would be running it twice. */
  readonly isOnce: boolean;
  /** Whether everything it brings was there when it began. */
  readonly wasDone: boolean;
  /** Other parts of the cluster may notice it. */
  readonly isDisruptive: boolean;
  /** Null while it runs. */
  end: 'done' | 'failed' | 'stopped' | 'lost' | null;
}

/** `muster-<plan>-<step>-<attempt>`, for a second command with `_2` at its end. */
export function partsOfUnit(unit: string): {
  readonly planId: string;
  readonly stepId: string;
  readonly attempt: number;
} {
  const match = /^muster-([a-z0-9]+)-(.+)-(\d+)(_\d+)?$/.exec(unit);
  if (match === null) throw new Error(`${unit} is not the unit of a step`);
  const [, planId = '', stepId = '', attempt = ''] = match;
  return { planId, stepId, attempt: Number(attempt) };
}
