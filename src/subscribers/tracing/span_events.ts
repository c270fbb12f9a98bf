import type { Attributes, Span } from "@opentelemetry/api";
import type { AnyEvent } from "../../catalog/declaration.ts";
import { metadataAttributes, type SpanDeclaration } from "../../catalog/span.ts";
import { toHrTime } from "../hr_time.ts";

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
): { readonly error: unknown } | undefined {
  if (!span.isRecording()) return undefined;
  const attributes: Record<string, unknown> = {};
  let name = event.type;
  let thrown: { readonly error: unknown } | undefined;
  try {
    const attributesOf = declaration.events?.get(event.type) ?? metadataAttributes;
    for (const [key, value] of Object.entries(attributesOf(event) ?? {})) {
      if (value !== undefined) attributes[key] = value;
    }
  } catch (error) {
    thrown = { error };
  }
  try {
    const { error } = (event.metadata ?? {}) as { error?: unknown };
    if (error instanceof Error) {
      Object.assign(attributes, exceptionAttributes(error));
      name = "exception";
    }
  } catch (error) {
    thrown ??= { error };
  }
  span.addEvent(name, attributes as Attributes, toHrTime(event.timestamp));
  return thrown;
}

/** What an exception says of itself, as a span's `recordException` reads it. */
function exceptionAttributes(exception: Error): Record<string, string> {
  const { code, name, message, stack } = exception as Error & { readonly code?: string | number };
  const attributes: Record<string, string> = {};
  if (code || name) attributes["exception.type"] = code ? `${code}` : name;
  if (message) attributes["exception.message"] = message;
  if (stack) attributes["exception.stacktrace"] = stack;
  return attributes;
}
