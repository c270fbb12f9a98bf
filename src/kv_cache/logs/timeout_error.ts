import { cut } from "../../internal/reporting.ts";
import type { EventBus } from "../../library/event_bus.ts";
import { getEventBus } from "../../library/get_event_bus.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";

/** The most characters of a message and of a stack that are published. */
const MAX_MESSAGE_LENGTH = 1_000;
const MAX_STACK_LENGTH = 4_000;

/**
 * Something took too long. Its construction publishes `timeout.raised`, whether or not it is thrown
 * then: on the bus that it is given, else on the process's. It never fails to be made: on a bus that is
 * disabled, or throws, nothing is published.
 *
 * Its `name` is that of the runtimes' own errors of this kind, `"TimeoutError"`; a subclass has its own.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { type KvCacheEvents, TimeoutError } from "@busbar/busbar/kv-cache";
 *
 * await using bus = new EventBus<KvCacheEvents>().start();
 * const messages: string[] = [];
 * bus.subscribe("timeout.raised", ({ metadata }) => void messages.push(metadata.message));
 * const error = new TimeoutError("no lock after 5 s", { sessionId: "r1", bus });
 * await bus.flush();
 * if (error.name !== "TimeoutError" || messages.length !== 1) throw error;
 * ```
 */
export class TimeoutError extends Error {
  /** Makes the error and publishes that. */
  constructor(
    message: string,
    options: {
      /** The request that had to wait. Default: that of the bus's `context`, if it has one. */
      readonly sessionId?: string | undefined;
      /** Where it is published. Default: the process's bus. */
      readonly bus?: EventBus<KvCacheEvents> | undefined;
      /** What it came of. Default: none. */
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const name = new.target.name || "TimeoutError";
    Object.defineProperty(this, "name", { value: name, configurable: true, writable: true });
    try {
      const { sessionId, bus = getEventBus<KvCacheEvents>() } = options;
      bus.publish("timeout.raised", {
        message: cut(this.message, MAX_MESSAGE_LENGTH),
        exceptionType: cut(name),
        stacktrace: cut(this.stack ?? "", MAX_STACK_LENGTH),
      }, sessionId === undefined ? undefined : { sessionId });
    } catch {
      // Whoever was given this bus knows; who waits wants this error and no other.
    }
  }
}
