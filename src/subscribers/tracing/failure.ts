import type { Span } from "@opentelemetry/api";
import { SpanStatusCode } from "@opentelemetry/api";
import type { AnyEvent } from "../../catalog/declaration.ts";
import { metadataAttributes, type SpanDeclaration } from "../../catalog/span.ts";
import { type CutCount, isTooLong, MAX_TEXT_LENGTH } from "../../internal/bounded_values.ts";
import { cut, errorText } from "../../internal/reporting.ts";
import { toHrTime } from "../hr_time.ts";
import { addDefined, boundedAttribute, NewAttributes } from "./span_attributes.ts";

/** Why an event says that something failed: its error or message, or else its type. */
export function reasonOf({ type, metadata }: AnyEvent): string | Error {
  if (typeof metadata !== "object" || metadata === null) return type;
  const { error, message } = metadata as { error?: unknown; message?: unknown };
  if (error instanceof Error) return error;
  if (typeof error === "string") return error;
  return typeof message === "string" ? message : type;
}

/** Marks a span as failed, and puts the event that says so into it. */
export function recordFailure(
  span: Span,
  event: AnyEvent,
  reason: string | Error,
  cuts: CutCount,
): void {
  const time = toHrTime(event.timestamp);
  if (reason instanceof Error) span.recordException(boundedError(reason, cuts), time);
  else {
    const attributes = new NewAttributes();
    addDefined(attributes, metadataAttributes(event), cuts);
    span.addEvent(event.type, attributes.attributes, time);
  }
  markFailed(span, reason, cuts);
}

/** What is recorded of an error, whose texts are as long as those of a span may be. */
function boundedError(error: Error, cuts: CutCount): Error {
  const { name, message, stack = "" } = error;
  const texts = { name, message, stack };
  const short = Object.values(texts).every((text) =>
    typeof text !== "string" || !isTooLong(text, MAX_TEXT_LENGTH)
  );
  if (short) return error;
  const { code } = error as { readonly code?: string | number };
  const bounded = new NewAttributes();
  addDefined(bounded, { ...texts, code }, cuts);
  return bounded.attributes as unknown as Error;
}

/** Marks a span as failed. Untyped metadata may hold any reason; a status needs a text. */
export function markFailed(span: Span, reason: unknown, cuts: CutCount): void {
  const text = reason instanceof Error ? reason.message : String(reason);
  const message = boundedAttribute(text, cuts);
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
  cuts: CutCount,
): { readonly error: unknown } | undefined {
  let thrown: { readonly error: unknown } | undefined;
  let isFailed = false;
  try {
    const reason: unknown = declaration.error?.(event);
    isFailed = reason !== undefined && reason !== null;
    if (isFailed) markFailed(span, reason, cuts);
  } catch (error) {
    thrown = { error };
  }
  try {
    const exception = exceptionOf(declaration, event, isFailed);
    if (exception !== undefined && exception !== null) {
      const recorded = exception instanceof Error
        ? boundedError(exception, cuts)
        : cut(errorText(exception));
      span.recordException(recorded, toHrTime(event.timestamp));
      if (!isFailed) markFailed(span, recorded, cuts);
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
