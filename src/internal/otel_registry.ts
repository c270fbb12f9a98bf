import { KNOWN_FLAGS } from "./traceparent.ts";

/**
 * What OpenTelemetry's API keeps for all of its copies in a process, found without importing it: the
 * context that is active, and the span in it.
 */

/** A context of the API. */
export interface OtelContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): OtelContext;
}

/** What follows the async context for OpenTelemetry, as far as it is used here. */
export interface OtelContextManager {
  active(): OtelContext;
  with<Result>(context: OtelContext, fn: () => Result): Result;
}

/** What identifies a span; each field of somebody's own may be anything. */
export interface OtelSpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly traceState?: OtelTraceState | undefined;
}

/** A W3C `tracestate`, as the API has it. */
export interface OtelTraceState {
  get(key: string): string | undefined;
  set(key: string, value: string): OtelTraceState;
  unset(key: string): OtelTraceState;
  serialize(): string;
}

/** A span of the API, as far as it is used here. */
export interface OtelSpan {
  spanContext(): OtelSpanContext;
  isRecording(): boolean;
}

/** What is registered, as far as it is used here. */
interface Registry {
  readonly context?: OtelContextManager;
  readonly trace?: unknown;
  readonly metrics?: unknown;
  readonly logs?: unknown;
  readonly propagation?: unknown;
}

/** Where it is registered: what all versions 1.x of the API agree on. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");
/** Where a context holds its span, and what an HTTP server says of the request; so do these. */
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");
const SUPPRESS_TRACING = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
const RPC_METADATA = Symbol.for("OpenTelemetry SDK Context Key RPC_METADATA");

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/** What is registered with OpenTelemetry's API, if anything is. */
export function otelRegistry(): Registry | undefined {
  return (globalThis as { [REGISTRY]?: Registry })[REGISTRY];
}

/** OpenTelemetry's context manager, if one is registered. */
export function otelContextManager(): OtelContextManager | undefined {
  try {
    const manager = otelRegistry()?.context;
    return typeof manager?.active === "function" && typeof manager.with === "function"
      ? manager
      : undefined;
  } catch {
    // What stands there is nobody's, and throws.
    return undefined;
  }
}

/** The active span, whosever it is; `undefined` if there is none, or it says nothing of itself. */
export function activeSpan(manager = otelContextManager()): OtelSpan | undefined {
  return manager && read(() => manager.active().getValue(SPAN));
}

/** What an instrumentation of an HTTP server says of the request that is being handled. */
export function activeHttpSpan(manager: OtelContextManager): OtelSpan | undefined {
  return read(() => {
    const said = manager.active().getValue(RPC_METADATA) as
      | { readonly type?: unknown; readonly span?: unknown }
      | undefined;
    return said?.type === "http" ? said.span : undefined;
  });
}

/** A context with another span in it. */
export function contextWith(context: OtelContext, span: OtelSpan): OtelContext {
  return context.setValue(SPAN, span);
}

/** Calls a function once, in a context if the manager lets it. */
export function inContext<Result>(
  manager: OtelContextManager,
  contextOf: (active: OtelContext) => OtelContext,
  fn: () => Result,
): Result {
  let isCalled = false;
  let result: Result | undefined;
  try {
    manager.with(contextOf(manager.active()), () => {
      isCalled = true;
      return result = fn();
    });
  } catch (error) {
    if (isCalled) throw error;
  }
  return isCalled ? result as Result : fn();
}

/**
 * Calls a function of whose requests instrumentations of OpenTelemetry's make no spans, and add no
 * headers to them: that is done already.
 */
export function untraced<Result>(fn: () => Result): Result {
  const manager = otelContextManager();
  if (manager === undefined) return fn();
  return inContext(manager, (active) => active.setValue(SUPPRESS_TRACING, true), fn);
}

/** What identifies a span, read once and checked; `undefined` if that is nothing valid. */
export function spanContextOf(span: OtelSpan): OtelSpanContext | undefined {
  try {
    const { traceId, spanId, traceFlags, traceState } = span.spanContext();
    if (!TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return undefined;
    const flags = Number(traceFlags) & KNOWN_FLAGS;
    return typeof traceState?.serialize === "function"
      ? { traceId, spanId, traceFlags: flags, traceState }
      : { traceId, spanId, traceFlags: flags };
  } catch {
    return undefined;
  }
}

/** Its `tracestate`, if it has one. */
export function toTracestate({ traceState }: OtelSpanContext): string | undefined {
  try {
    const text: unknown = traceState?.serialize();
    return typeof text === "string" && text !== "" ? text : undefined;
  } catch {
    return undefined;
  }
}

/** A span, if what is read is one. */
function read(span: () => unknown): OtelSpan | undefined {
  try {
    const found = span() as OtelSpan | undefined;
    return typeof found?.spanContext === "function" ? found : undefined;
  } catch {
    return undefined;
  }
}
