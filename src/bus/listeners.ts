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
export type Listeners = ReturnType<typeof createListeners>;

/** Makes the listeners of a bus; there is none yet. */
export function createListeners(target: EventTarget, routes: Routes, failures: Failures) {
  const dispatch = (event: BusEvent): void => {
    target.dispatchEvent(new CustomEvent(event.type, { detail: event }));
  };

  function call(callback: EventListenerOrEventListenerObject, event: Event): void {
    const isFunction = typeof callback === "function";
    failures.call(
      isFunction ? callback : {
        get name() {
          return callback.constructor.name;
        },
      },
      `a listener of ${event.type}`,
      () => isFunction ? callback.call(target, event) : callback.handleEvent(event),
    );
  }

  /** The listener that `removeEventListener` of the target would remove. */
  function find(
    type: string,
    callback: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): Listener | undefined {
    const capture = captures(options);
    return routes.own(type).find(({ listener }) =>
      listener?.callback === callback && listener.capture === capture
    )?.listener;
  }

  return {
    find,

    /** What `addEventListener` of the target does. */
    add(
      type: string,
      callback: EventListenerOrEventListenerObject,
      options?: boolean | AddEventListenerOptions,
    ): void {
      const { once, passive, signal } = Object(options) as AddEventListenerOptions;
      if (signal?.aborted || find(type, callback, options)) return;
      const capture = captures(options);
      const wrapper = (event: Event) => {
        if (once) end();
        call(callback, event);
      };
      const end = untilAborted(signal, () => {
        // As an object, for Node ignores a boolean here.
        removeEventListener.call(target, type, wrapper, { capture });
        unroute();
      });
      addEventListener.call(target, type, wrapper, { capture, passive: passive === true });
      const unroute = routes.add(type, dispatch, type, { callback, capture, end });
    },
  };
}

/** Whether `addEventListener` takes it for a listener, and not for none or an error. */
export function isListener(listener: unknown): listener is EventListenerOrEventListenerObject {
  return Object(listener) === listener;
}

function captures(options: boolean | EventListenerOptions | undefined): boolean {
  return Boolean(typeof options === "object" ? options?.capture : options);
}
