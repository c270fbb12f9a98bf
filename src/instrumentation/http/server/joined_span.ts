import { isScopeSpan } from "../../../context/scope_span.ts";
import {
  activeHttpSpan,
  activeSpan,
  otelContextManager,
  type OtelSpan,
  type OtelSpanContext,
  spanContextOf,
} from "../../../internal/otel_registry.ts";
import { runtimeTelemetryRegistered } from "../../../internal/runtime_telemetry.ts";
import { spanName } from "../methods.ts";

/** What OpenTelemetry's API has for the kind of a server's span. */
const SERVER = 1;

/** A span of somebody else, as far as it is told something here. */
interface ForeignSpan extends OtelSpan {
  readonly kind?: unknown;
  readonly name?: unknown;
  setAttribute(name: string, value: string): unknown;
  updateName(name: string): unknown;
  recordException(error: Error): unknown;
}

/**
 * The server span that somebody else has made of the request that is being handled: an instrumentation
 * of OpenTelemetry's for Node, or Deno itself. There is to be no second one.
 */
export class JoinedSpan {
  /** What identifies it. */
  readonly context: OtelSpanContext;
  readonly #span: ForeignSpan;

  private constructor(span: ForeignSpan, context: OtelSpanContext) {
    this.#span = span;
    this.context = context;
  }

  /** The one that is active, if there is one. */
  static find(): JoinedSpan | undefined {
    const manager = otelContextManager();
    if (manager === undefined) return undefined;
    const active = activeSpan(manager);
    if (active === undefined || isScopeSpan(active)) return undefined;
    const span = activeHttpSpan(manager) ?? (isServers(active) ? active : undefined);
    const context = span && spanContextOf(span);
    return context && new JoinedSpan(span as ForeignSpan, context);
  }

  /** Tells it what it may not know: the route, and what was thrown. */
  tell(method: string, route: string | undefined, error: Error | undefined): void {
    const span = this.#span;
    try {
      if (!span.isRecording()) return;
      if (route !== undefined) {
        span.setAttribute("http.route", route);
        // One that somebody has named already keeps its name.
        if (span.name === undefined || span.name === method) {
          span.updateName(spanName(method, route));
        }
      }
      if (error !== undefined) span.recordException(error);
    } catch {
      // It is somebody else's, and goes on without.
    }
  }
}

/** Whether it is of a server; Deno's spans do not say, but those that are active in a handler are. */
function isServers(span: OtelSpan): boolean {
  try {
    const { kind } = span as ForeignSpan;
    return kind === SERVER || (kind === undefined && runtimeTelemetryRegistered());
  } catch {
    return false;
  }
}
