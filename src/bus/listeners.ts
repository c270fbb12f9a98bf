import type { BusEvent } from "../events/event.ts";
import type { Failures } from "./failures.ts";
import { type Listener, type Routes, untilAborted } from "./routes.ts";

const { addEventListener, removeEventListener } = EventTarget.prototype;

/**
 * The EventTarget listeners of a bus. Each is wrapped, so that a throw or a rejection ends in the
 * bus and not in the runtime's uncaught-error handling, which may end the process. The native
 * EventTarget still does the dispatching; this knows which wrapper stands for which listener.
 *
 * `once` and `signal` are followed here and not handed on: runtimes differ in whether an abort goes
 * through an overridden `removeEventListener`.
 */
export class Listeners {
  readonly #target: EventTarget;
  readonly #routes: Routes;
  readonly #failures: Failures;

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
    const { once, passive, signal } = Object(options) as AddEventListenerOptions;
    if (signal?.aborted || this.find(type, callback, options)) return;
    const capture = captures(options);
    const wrapper = (event: Event) => {
      if (once) end();
      this.#call(callback, event);
    };
    const end = untilAborted(signal, () => {
      // As an object, for Node ignores a boolean here.
      removeEventListener.call(this.#target, type, wrapper, { capture });
      unroute();
    });
    addEventListener.call(this.#target, type, wrapper, { capture, passive: passive === true });
    const unroute = this.#routes.add(type, this.#dispatch, type, { callback, capture, end });
  }

  /** The listener that `removeEventListener` of the target would remove. */
  find(
    type: string,
    callback: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): Listener | undefined {
    const capture = captures(options);
    return this.#routes.own(type).find(({ listener }) =>
      listener?.callback === callback && listener.capture === capture
    )?.listener;
  }

  readonly #dispatch = (event: BusEvent): void => {
    this.#target.dispatchEvent(new CustomEvent(event.type, { detail: event }));
  };

  #call(callback: EventListenerOrEventListenerObject, event: Event): void {
    const isFunction = typeof callback === "function";
    this.#failures.call(
      isFunction ? callback : {
        get name() {
          return callback.constructor.name;
        },
      },
      `a listener of ${event.type}`,
      () => isFunction ? callback.call(this.#target, event) : callback.handleEvent(event),
    );
  }
}

/** Whether `addEventListener` takes it for a listener, and not for none or an error. */
export function isListener(listener: unknown): listener is EventListenerOrEventListenerObject {
  return Object(listener) === listener;
}

function captures(options: boolean | EventListenerOptions | undefined): boolean {
  return Boolean(typeof options === "object" && options ? options.capture : options);
}
