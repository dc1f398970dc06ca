// Looking into what the Kubernetes API answers without trusting its shape.

/** The value at a path of fields; undefined when one is missing. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    return (inner as Readonly<Record<string, unknown>>)[name];
  }, value);
}

/** Empty when it is not a text. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** 0 when it is not a number: counters that are 0 are left out by the API. */
export function numberAt(value: unknown, ...path: readonly string[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : 0;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** When it was last said, as the API writes times; empty when it does not tell. */
  readonly heartbeat: string;
}

/** The condition of `status.conditions` with this type. */
export function conditionOf(object: unknown, type: string): Condition | null {
  const found = listAt(object, 'status', 'conditions').find(
    (condition) => textAt(condition, 'type') === type,
  );
  if (found === undefined) return null;
  return {
    status: textAt(found, 'status'),
    reason: textAt(found, 'reason'),
    message: textAt(found, 'message'),
    heartbeat: textAt(found, 'lastHeartbeatTime'),
  };
}
