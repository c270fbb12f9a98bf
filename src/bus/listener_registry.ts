interface Registration {
  readonly callback: EventListenerOrEventListenerObject;
  readonly capture: boolean;
  readonly wrapper: EventListener;
  readonly release: () => void;
}

/** What a listener failed with is told here, with the event's type. */
export type ListenerFailure = (
  callback: EventListenerOrEventListenerObject,
  type: string,
  error: unknown,
) => void;

/**
 * Wraps EventTarget listeners one by one, so that a throw or a rejection ends in the bus and not in
 * the runtime's uncaught-error handling, which may end the process. The native EventTarget still
 * does the dispatching; this only knows which wrapper stands for which registration.
 *
 * `signal` is followed here and not handed on: runtimes differ in whether an abort goes through an
 * overridden `removeEventListener`.
 */
export class ListenerRegistry {
  readonly #byType = new Map<string, Registration[]>();
  readonly #onFailure: ListenerFailure;

  constructor(onFailure: ListenerFailure) {
    this.#onFailure = onFailure;
  }

  /** How many types have listeners. */
  get size(): number {
    return this.#byType.size;
  }

  has(type: string): boolean {
    return this.#byType.has(type);
  }

  /**
   * Registers a listener.
   *
   * @returns the wrapper to add natively, or `undefined` when there is nothing to add
   */
  add(
    type: string,
    callback: EventListenerOrEventListenerObject,
    options: AddEventListenerOptions,
    remove: (wrapper: EventListener, capture: boolean) => void,
  ): EventListener | undefined {
    const { signal } = options;
    const capture = Boolean(options.capture);
    if (signal?.aborted || this.#find(type, callback, capture) !== undefined) return undefined;
    const onAbort = () => {
      if (this.#delete(type, registration)) remove(registration.wrapper, capture);
    };
    const registration: Registration = {
      callback,
      capture,
      wrapper: (event) => {
        if (options.once) this.#delete(type, registration);
        this.#call(callback, event);
      },
      release: () => signal?.removeEventListener("abort", onAbort),
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    const registrations = this.#byType.get(type);
    if (registrations === undefined) this.#byType.set(type, [registration]);
    else registrations.push(registration);
    return registration.wrapper;
  }

  /** Forgets a listener. @returns the wrapper to remove natively, if there was one */
  remove(
    type: string,
    callback: EventListenerOrEventListenerObject,
    capture: boolean,
  ): EventListener | undefined {
    const registration = this.#find(type, callback, capture);
    if (registration === undefined) return undefined;
    this.#delete(type, registration);
    return registration.wrapper;
  }

  #find(
    type: string,
    callback: EventListenerOrEventListenerObject,
    capture: boolean,
  ): Registration | undefined {
    return this.#byType.get(type)?.find((registration) =>
      registration.callback === callback && registration.capture === capture
    );
  }

  #delete(type: string, registration: Registration): boolean {
    const registrations = this.#byType.get(type);
    const index = registrations?.indexOf(registration) ?? -1;
    if (registrations === undefined || index < 0) return false;
    registration.release();
    registrations.splice(index, 1);
    if (registrations.length === 0) this.#byType.delete(type);
    return true;
  }

  #call(callback: EventListenerOrEventListenerObject, event: Event): void {
    const failed = (error: unknown) => this.#onFailure(callback, event.type, error);
    try {
      const result: unknown = typeof callback === "function"
        ? callback.call(event.currentTarget as EventTarget, event)
        : callback.handleEvent(event);
      if (typeof result === "object" && result !== null && "then" in result) {
        Promise.resolve(result).catch(failed);
      }
    } catch (error) {
      failed(error);
    }
  }
}
