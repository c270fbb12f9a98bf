/** A signal that knows who listens to it. */
export interface SpiedSignal {
  readonly signal: AbortSignal;
  /** How many listeners it has. */
  readonly listeners: () => number;
}

/** A signal of which a test can say that nothing holds on to it any more. It never aborts. */
export function spiedSignal(): SpiedSignal {
  const { signal } = new AbortController();
  const added = new Set<unknown>();
  signal.addEventListener = (_type: string, listener: unknown) => void added.add(listener);
  signal.removeEventListener = (_type: string, listener: unknown) => void added.delete(listener);
  return { signal, listeners: () => added.size };
}
