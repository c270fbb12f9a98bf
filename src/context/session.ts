import type { EventContext } from "../events/event.ts";
import { assertFunction, invalidArgument } from "../internal/arguments.ts";
import { toTracestate } from "../internal/otel_registry.ts";
import { splitTraceparent, toTraceparent } from "../internal/traceparent.ts";
import { currentScope } from "./async_storage.ts";
import { newSessionId } from "./ids.ts";
import { type Baggage, NO_BAGGAGE, type Scope } from "./scope.ts";
import { enter, foreignSpan } from "./scope_span.ts";
import { readTracestate } from "./tracestate.ts";

/** What a session begins with. `null`, which a missing header is, counts as absent. */
export interface SessionInit {
  /** The session's id. Default: a new one. */
  readonly sessionId?: string | null | undefined;
  /** The operation that events belong to which are published in no {@linkcode operation}. Default: none. */
  readonly operationId?: string | null | undefined;
  /** The caller's W3C `traceparent` header. Default: none. */
  readonly traceparent?: string | null | undefined;
  /**
   * The caller's W3C `tracestate` header; left out if it is malformed, or there is no `traceparent`.
   * Default: none.
   */
  readonly tracestate?: string | null | undefined;
  /** What goes out by name with requests, as `readBaggage` reads it from a header. Default: nothing. */
  readonly baggage?: Baggage | undefined;
}

/** A session: what `publish` and `operation` may be handed where no async context follows the code. */
export interface Session extends EventContext {
  /** Its id. */
  readonly sessionId: string;
}

const ACTION = "begin a session";
/** The longest `traceparent` that anybody reads; a longer one is malformed, and cut stays so. */
const MAX_TRACEPARENT_LENGTH = 512;

/**
 * Calls a function in a session: each event that it publishes, also after an `await` and in all that
 * it calls, belongs to it, on every bus whose `context` option is {@linkcode currentContext}, as that
 * of `startObservability` is. What `publish` is told of an event comes first.
 *
 * - A session within another one is one of its own, and takes nothing over.
 * - Where there is no `AsyncLocalStorage`, as in browsers, hand the session on: `publish` takes it as
 *   its `init`, `operation` as its option `context`.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { currentContext, withSession } from "@busbar/busbar/context";
 *
 * const bus = new EventBus({ context: currentContext }).start();
 * const sessions: string[] = [];
 * bus.subscribe("stock.read", (event) => sessions.push(event.sessionId));
 * await withSession({ sessionId: "request 1" }, async () => {
 *   await Promise.resolve();
 *   bus.publish("stock.read");
 * });
 * await bus.stop();
 * if (sessions[0] !== "request 1") throw new Error(sessions[0]);
 * ```
 *
 * @returns what the function returns
 * @throws {TypeError} if an argument is of the wrong type
 * @throws what the function throws
 */
export function withSession<Result>(init: SessionInit, fn: (session: Session) => Result): Result {
  if (typeof init !== "object" || init === null) {
    invalidArgument(TypeError, ACTION, "init", "an object", init);
  }
  assertFunction(ACTION, "fn", fn);
  const session = newSession(init);
  return enter(session, () => fn(session));
}

/** What a session begins with, checked, as the scope of what is published in it. */
export function newSession(init: SessionInit): Scope {
  const traceparent = textOf("traceparent", init.traceparent);
  const tracestate = textOf("tracestate", init.tracestate);
  const { baggage } = init;
  if (baggage !== undefined && (typeof baggage !== "object" || baggage === null)) {
    invalidArgument(TypeError, ACTION, "baggage", "texts by name", baggage);
  }
  return {
    sessionId: textOf("sessionId", init.sessionId) || newSessionId(),
    operationId: textOf("operationId", init.operationId) ?? "",
    // Malformed or not, it is for the tracing to read, which counts those that are.
    traceparent: traceparent?.slice(0, MAX_TRACEPARENT_LENGTH + 1) || undefined,
    // Without the one, the other says nothing.
    tracestate: tracestate && splitTraceparent(traceparent) && readTracestate(tracestate),
    baggage: baggage ?? NO_BAGGAGE,
    spanId: "",
    spans: undefined,
    around: "",
  };
}

function textOf(name: string, value: string | null | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string"
    ? value
    : invalidArgument(TypeError, ACTION, name, "a text", value);
}

/**
 * The session, operation and trace that the code runs in; `undefined` outside of all, and where there
 * is no `AsyncLocalStorage`. It is what a bus takes as its `context` option:
 * `new EventBus({ context: currentContext })`. What has no trace there is in that of the span that is
 * active for OpenTelemetry's API, if there is one.
 */
export function currentContext(): EventContext | undefined {
  const scope = currentScope();
  if (scope?.traceparent !== undefined) return scope;
  const span = foreignSpan(scope);
  if (span === undefined) return scope;
  const { sessionId, operationId } = scope ?? {};
  const traceparent = toTraceparent(span);
  return { sessionId, operationId, traceparent, tracestate: toTracestate(span) };
}
