import {
  activeSpan,
  contextWith,
  inContext,
  otelContextManager,
  type OtelSpan,
  type OtelSpanContext,
  type OtelTraceState,
  spanContextOf,
} from "../internal/otel_registry.ts";
import { KNOWN_FLAGS, splitTraceparent } from "../internal/traceparent.ts";
import { runIn } from "./async_storage.ts";
import type { Scope } from "./scope.ts";

/** What one of ours has, whichever copy of the package made it. */
const SCOPE = Symbol.for("@busbar/busbar/scope-span.1");

/** What is known of no span. */
const NO_SPAN: OtelSpanContext = Object.freeze({
  traceId: "0".repeat(32),
  spanId: "0".repeat(16),
  traceFlags: 0,
});

/** The `traceparent` of the span that a scope stands in: its own, or else that which it was given. */
export function traceparentIn(scope: Scope): string | undefined {
  return scope.spans?.traceparentOf(scope.spanId) ?? scope.traceparent;
}

/**
 * What a scope is for code that knows OpenTelemetry's API alone: a span whose ids can be asked for, so
 * that the spans made in it are its children. What is said of it is not recorded: the span that is
 * meant is made of events.
 */
class ScopeSpan implements OtelSpan {
  readonly [SCOPE]: Scope;

  constructor(scope: Scope) {
    this[SCOPE] = scope;
  }

  /** Asked for each time: some tracers choose the ids only when the span is made. */
  spanContext(): OtelSpanContext & { readonly isRemote?: boolean } {
    const scope = this[SCOPE];
    const parts = splitTraceparent(traceparentIn(scope));
    if (parts === undefined) return NO_SPAN;
    const { traceId, spanId, flags } = parts;
    const known = { traceId, spanId, traceFlags: parseInt(flags, 16) & KNOWN_FLAGS };
    const local = scope.spanId === "" ? { ...known, isRemote: true } : known;
    const { tracestate } = scope;
    return tracestate === undefined ? local : { ...local, traceState: toTraceState(tracestate) };
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  recordException(): void {}

  end(): void {}
}

/** A `tracestate` that has been read, as the API has it. */
function toTraceState(text: string): OtelTraceState {
  const members = text.split(",");
  const keyOf = (member: string) => member.slice(0, member.indexOf("="));
  const without = (key: string) => members.filter((member) => keyOf(member) !== key);
  return {
    get: (key) => members.find((member) => keyOf(member) === key)?.slice(key.length + 1),
    set: (key, value) => toTraceState([`${key}=${value}`, ...without(key)].join(",")),
    unset: (key) => toTraceState(without(key).join(",")),
    serialize: () => text,
  };
}

/** The scope that a span stands for, if it is one of ours. */
function scopeOf(span: OtelSpan): Scope | undefined {
  try {
    return (span as Partial<ScopeSpan>)[SCOPE];
  } catch {
    return undefined;
  }
}

/** Whether a span is one of ours. */
export function isScopeSpan(span: OtelSpan): boolean {
  return scopeOf(span) !== undefined;
}

/** Whether a scope knows a trace, or will. */
export function hasTrace(scope: Scope): boolean {
  return scope.traceparent !== undefined || scope.spans !== undefined;
}

/** The span of somebody else that is active; `undefined` if there is none. */
export function activeForeignSpan(): OtelSpanContext | undefined {
  const span = activeSpan();
  return span === undefined || isScopeSpan(span) ? undefined : spanContextOf(span);
}

/**
 * The span of somebody else that is active in a scope: code that knows OpenTelemetry alone has made it
 * there, or around a scope that has no trace of its own.
 *
 * @param isCurrent whether the scope is the current one, and not one that was handed on
 */
export function foreignSpan(
  scope: Scope | undefined,
  isCurrent: boolean = true,
  active: OtelSpanContext | undefined = activeForeignSpan(),
): OtelSpanContext | undefined {
  if (active === undefined || scope === undefined) return active;
  // As in a listener that was bound to it: it is around the scope, and not within.
  if (scope.around === active.spanId) return undefined;
  if (isCurrent || !hasTrace(scope)) return active;
  // Of those handed on, an operation's is its own; a session's is the caller's, which it may continue.
  const isOfSameTrace = splitTraceparent(scope.traceparent)?.traceId === active.traceId;
  return scope.spanId === "" && isOfSameTrace ? active : undefined;
}

/** Calls a function with a scope as the current one, for code that knows OpenTelemetry's API alone too. */
export function enter<Result>(scope: Scope, fn: () => Result): Result {
  const manager = otelContextManager();
  if (manager === undefined || !hasTrace(scope)) return runIn(scope, fn);
  const active = activeSpan(manager);
  if (active !== undefined && standsFor(active, scope)) return runIn(scope, fn);
  const span = new ScopeSpan(scope);
  return inContext(manager, (active) => contextWith(active, span), () => runIn(scope, fn));
}

/** Whether a span is what a scope would make active, or stands further within its trace. */
function standsFor(span: OtelSpan, scope: Scope): boolean {
  const known = scopeOf(span);
  if (known !== undefined) {
    return known.spanId === scope.spanId && known.traceparent === scope.traceparent;
  }
  // One whose ids are known later stands further within.
  const context = scope.spans === undefined ? spanContextOf(span) : undefined;
  const parts = splitTraceparent(scope.traceparent);
  if (context === undefined || parts === undefined) return false;
  // A server's span that continues the caller's trace is nearer than the caller's.
  return parts.spanId === context.spanId ||
    (scope.spanId === "" && parts.traceId === context.traceId);
}
