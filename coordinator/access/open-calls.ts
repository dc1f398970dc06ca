// The calls that operators have open, so that a watch of somebody who is revoked ends at once and not
// at its next turn.

export interface OpenCalls {
  /** Fires when the caller is nobody any more. Give it back to `close` when the call is over. */
  open(operator: string): AbortController;
  close(operator: string, call: AbortController): void;
  end(operator: string): void;
}

export function createOpenCalls(): OpenCalls {
  const calls = new Map<string, Set<AbortController>>();
  return {
    open(operator) {
      const call = new AbortController();
      const own = calls.get(operator) ?? new Set();
      calls.set(operator, own.add(call));
      return call;
    },
    close(operator, call) {
      const own = calls.get(operator);
      own?.delete(call);
      if (own?.size === 0) calls.delete(operator);
    },
    end(operator) {
      for (const call of calls.get(operator) ?? []) call.abort();
    },
  };
}
