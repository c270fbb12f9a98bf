import type { Span } from "@opentelemetry/api";
import type { AnyEvent } from "../../catalog/declaration.ts";
import { metadataAttributes, type SpanDeclaration } from "../../catalog/span.ts";
import type { CutCount } from "../../internal/bounded_values.ts";
import { exceptionType } from "../../internal/exception_type.ts";
import { toHrTime } from "../hr_time.ts";
import { addDefined, NewAttributes } from "./span_attributes.ts";

/**
 * Adds an event to a span, as its declaration says: under its type, or as the `exception` that
 * OpenTelemetry has for an error.
 *
 * @returns what the declaration threw, wrapped
 */
export function addSpanEvent(
  span: Span,
  // deno-lint-ignore no-explicit-any -- the catalog's types are erased inside declarations
  declaration: SpanDeclaration<any>,
  event: AnyEvent,
  cuts: CutCount,
): { readonly error: unknown } | undefined {
  if (!span.isRecording()) return undefined;
  const attributes = new NewAttributes();
  let name = event.type;
  let thrown: { readonly error: unknown } | undefined;
  try {
    const attributesOf = declaration.events?.get(event.type) ?? metadataAttributes;
    addDefined(attributes, attributesOf(event) ?? {}, cuts);
  } catch (error) {
    thrown = { error };
  }
  try {
    const { error } = (event.metadata ?? {}) as { error?: unknown };
    if (error instanceof Error) {
      addDefined(attributes, exceptionAttributes(error), cuts);
      name = "exception";
    }
  } catch (error) {
    thrown ??= { error };
  }
  span.addEvent(name, attributes.attributes, toHrTime(event.timestamp));
  return thrown;
}

/** What an exception says of itself, as a span's `recordException` reads it. */
function exceptionAttributes(exception: Error): Record<string, string> {
  const { message, stack } = exception;
  const type = exceptionType(exception);
  const attributes: Record<string, string> = {};
  if (type) attributes["exception.type"] = type;
  if (message) attributes["exception.message"] = message;
  if (stack) attributes["exception.stacktrace"] = stack;
  return attributes;
}
