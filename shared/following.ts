// A signal of one's own that also fires when one of others does, and is let go of by its end: a signal
// that lives long keeps everybody who listens to it, and AbortSignal.any is slow to be let go of.

export interface Following extends Disposable {
  readonly signal: AbortSignal;
  /** Fires it, and lets go of the others. */
  end(): void;
  /** Lets go of the others; it does not fire for them any more. */
  [Symbol.dispose](): void;
}

/** One for all: making one takes as long as everything else about an end. */
const ended = new DOMException('It is over', 'AbortError');

/** Has the reason of the first of them that fires; one that has fired before counts. */
export function following(...others: readonly AbortSignal[]): Following {
  const own = new AbortController();
  const letGo = (): void => {
    for (const other of others) other.removeEventListener('abort', onAbort);
  };
  const onAbort = (): void => {
    letGo();
    own.abort(others.find(({ aborted }) => aborted)?.reason ?? ended);
  };
  for (const other of others) other.addEventListener('abort', onAbort, { once: true });
  if (others.some(({ aborted }) => aborted)) onAbort();
  return {
    signal: own.signal,
    end: () => {
      letGo();
      own.abort(ended);
    },
    [Symbol.dispose]: letGo,
  };
}
