import type { Span } from "@opentelemetry/api";
import { SpanStatusCode } from "@opentelemetry/api";
import type { AnyEvent } from "../../catalog/declaration.ts";
import { metadataAttributes } from "../../catalog/span.ts";
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
