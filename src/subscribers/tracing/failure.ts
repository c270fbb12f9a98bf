import type { Span } from "@opentelemetry/api";
import { SpanStatusCode } from "@opentelemetry/api";
import type { AnyEvent } from "../../catalog/declaration.ts";
import { metadataAttributes, type SpanDeclaration } from "../../catalog/span.ts";
import { cut, errorText } from "../../internal/reporting.ts";
import { toHrTime } from "../hr_time.ts";

/** Why an event says that something failed: its error or message, or else its type. */
export function reasonOf({ type, metadata }: AnyEvent): string | Error {
  if (typeof metadata !== "object" || metadata === null) return type;
  const { error, message } = metadata as { error?: unknown; message?: unknown };
  if (error instanceof Error) return error;
  if (typeof error === "string") return error;
  return typeof message === "string" ? message : type;
}

/** Marks a span as failed, and puts the event that says so into it. */
export function recordFailure(span: Span, event: AnyEvent, reason: string | Error): void {
  const time = toHrTime(event.timestamp);
  if (reason instanceof Error) span.recordException(reason, time);
  else span.addEvent(event.type, { ...metadataAttributes(event) } as never, time);
  markFailed(span, reason);
}

/** Marks a span as failed. Untyped metadata may hold any reason; a status needs a text. */
export function markFailed(span: Span, reason: unknown): void {
  const message = reason instanceof Error ? reason.message : String(reason);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/**
 * Marks a span as failed if its end says so, in the way that its declaration reads it, and puts what
 * was thrown into it: by default an `Error` as the metadata's `error`, as the end of an `operation` has
 * that threw, if the declaration does not say otherwise why it failed.
 *
 * @returns what the declaration threw, wrapped
 */
export function judgeEnd(
  span: Span,
  // deno-lint-ignore no-explicit-any -- the catalog's types are erased inside declarations
  declaration: SpanDeclaration<any>,
  event: AnyEvent,
): { readonly error: unknown } | undefined {
  let thrown: { readonly error: unknown } | undefined;
  let isFailed = false;
  try {
    const reason: unknown = declaration.error?.(event);
    isFailed = reason !== undefined && reason !== null;
    if (isFailed) markFailed(span, reason);
  } catch (error) {
    thrown = { error };
  }
  try {
    const exception = exceptionOf(declaration, event, isFailed);
    if (exception !== undefined && exception !== null) {
      const recorded = exception instanceof Error ? exception : cut(errorText(exception));
      span.recordException(recorded, toHrTime(event.timestamp));
      if (!isFailed) markFailed(span, recorded);
    }
  } catch (error) {
    thrown ??= { error };
  }
  return thrown;
}

function exceptionOf(
  // deno-lint-ignore no-explicit-any -- the catalog's types are erased inside declarations
  { exception }: SpanDeclaration<any>,
  event: AnyEvent,
  isFailed: boolean,
): unknown {
  if (exception !== undefined) return exception(event);
  if (isFailed) return undefined;
  const { error } = (event.metadata ?? {}) as { error?: unknown };
  return error instanceof Error ? error : undefined;
}
