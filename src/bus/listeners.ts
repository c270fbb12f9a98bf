import type { Failures } from "./failures.ts";
import type { End, Routes } from "./routes.ts";

interface Registration {
  readonly callback: EventListenerOrEventListenerObject;
  readonly capture: boolean;
  readonly end: End;
}

const { addEventListener, removeEventListener } = EventTarget.prototype;

/**
 * The EventTarget listeners of a bus. Each is wrapped, so that a throw or a rejection ends in the
 * bus and not in the runtime's uncaught-error handling, which may end the process. The native
 * EventTarget still does the dispatching; this knows which wrapper stands for which registration,
 * and keeps a route for each type that has any.
 *
 * `once` and `signal` are followed here and not handed on: runtimes differ in whether an abort goes
 * through an overridden `removeEventListener`.
 */
export class Listeners {
  readonly #target: EventTarget;
  readonly #routes: Routes;
  readonly #failures: Failures;
  readonly #byType = new Map<string, { registrations: Registration[]; end: End }>();

  constructor(target: EventTarget, routes: Routes, failures: Failures) {
    this.#target = target;
    this.#routes = routes;
    this.#failures = failures;
  }

  /** What `addEventListener` of the target does. */
  add(
    type: string,
    callback: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void {
    const { once, passive, signal, capture } = toDictionary(options);
    if (signal?.aborted || this.#find(type, callback, capture)) return;
    const wrapper = (event: Event) => {
      if (once) end();
      this.#call(callback, event);
    };
    const end = () => {
      signal?.removeEventListener("abort", end);
      removeEventListener.call(this.#target, type, wrapper, capture);
      this.#forget(type, registration);
    };
    const registration = { callback, capture, end };
    signal?.addEventListener("abort", end);
    addEventListener.call(this.#target, type, wrapper, { capture, passive: Boolean(passive) });
    this.#note(type, registration);
  }

  /** What `removeEventListener` of the target does. */
  remove(
    type: string,
    callback: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void {
    this.#find(type, callback, toDictionary(options).capture)?.end();
  }

  #find(
    type: string,
    callback: EventListenerOrEventListenerObject,
    capture: boolean,
  ): Registration | undefined {
    return this.#byType.get(type)?.registrations.find((registration) =>
      registration.callback === callback && registration.capture === capture
    );
  }

  #note(type: string, registration: Registration): void {
    const known = this.#byType.get(type);
    if (known !== undefined) return void known.registrations.push(registration);
    const dispatch = (event: { type: string }) =>
      void this.#target.dispatchEvent(new CustomEvent(event.type, { detail: event }));
    const end = this.#routes.add(type, dispatch, type, "listeners");
    this.#byType.set(type, { registrations: [registration], end });
  }

  #forget(type: string, registration: Registration): void {
    const known = this.#byType.get(type);
    if (known === undefined) return;
    known.registrations = known.registrations.filter((other) => other !== registration);
    if (known.registrations.length > 0) return;
    known.end();
    this.#byType.delete(type);
  }

  #call(callback: EventListenerOrEventListenerObject, event: Event): void {
    const { name } = typeof callback === "function" ? callback : callback.constructor;
    this.#failures.isolate(
      name || "(anonymous)",
      `a listener of ${event.type}`,
      () =>
        typeof callback === "function"
          ? callback.call(event.currentTarget as EventTarget, event)
          : callback.handleEvent(event),
    );
  }
}

/** Whether `addEventListener` takes it for a listener, and not for none or an error. */
export function isListener(listener: unknown): listener is EventListenerOrEventListenerObject {
  return typeof listener === "function" || (typeof listener === "object" && listener !== null);
}

function toDictionary(
  options: boolean | AddEventListenerOptions | undefined,
): AddEventListenerOptions & { capture: boolean } {
  const given = typeof options === "object" && options !== null ? options : { capture: options };
  const { once, passive, signal, capture } = given as AddEventListenerOptions;
  return { once, passive, signal, capture: Boolean(capture) } as AddEventListenerOptions & {
    capture: boolean;
  };
}
