/** A signal that knows who listens to it. */
export interface SpiedSignal {
  readonly signal: AbortSignal;
  /** How many listeners it has. */
  readonly listeners: () => number;
  /** Aborts it. */
  readonly abort: () => void;
}

/** A signal of which a test can say that nothing holds on to it any more. */
export function spiedSignal(): SpiedSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const added = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  type Listen = (type: string, listener: EventListener, options?: { once?: boolean }) => void;
  const listen: Listen = (type, listener, options) => {
    added.add(listener);
    addEventListener.call(signal, type, listener, options);
    if (!options?.once) return;
    addEventListener.call(signal, type, () => added.delete(listener), { once: true });
  };
  signal.addEventListener = listen as typeof signal.addEventListener;
  signal.removeEventListener = (type: string, listener: unknown) => {
    added.delete(listener);
    removeEventListener.call(signal, type, listener as EventListener);
  };
  return { signal, listeners: () => added.size, abort: () => controller.abort() };
}
