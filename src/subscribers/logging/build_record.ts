import { LOG_LEVELS, type LogDeclaration, type LogLevel } from "../../catalog/log.ts";
import type { BusEvent } from "../../events/event.ts";
import { format } from "../../internal/arguments.ts";
import {
  boundedText,
  boundedValue,
  type CutCount,
  MAX_TEXT_LENGTH,
} from "../../internal/bounded_values.ts";
import type { TraceContext } from "../trace_context.ts";
import { parseTraceparent } from "../tracing/traceparent.ts";
import { type LogRecord, SEVERITY_NUMBERS } from "./log_record.ts";
import { toLogAttributes } from "./log_values.ts";
import type { Redaction } from "./redaction.ts";

/** How the records of a type are made. */
export interface RecordSource {
  // deno-lint-ignore no-explicit-any -- the catalog's type has checked that it fits its event
  readonly declaration: LogDeclaration<any>;
  readonly redaction: Redaction;
}

/** What records of all types have in common. */
export interface RecordContext {
  readonly contextOf: ((event: BusEvent) => TraceContext | undefined) | undefined;
  readonly cuts: CutCount;
}

/**
 * The record of an event. It goes out without what a declaration's function fails to say.
 *
 * @param errors where it says what failed
 */
export function buildRecord(
  event: BusEvent,
  { level, severityNumber }: Pick<LogRecord, "level" | "severityNumber">,
  { declaration, redaction }: RecordSource,
  { contextOf, cuts }: RecordContext,
  errors: unknown[],
): LogRecord {
  const { attributes, body } = declaration;
  const { timestamp, type, traceparent } = event;
  let text = type;
  let shown: unknown;
  let context: TraceContext | undefined;
  try {
    if (body !== undefined) text = boundedText(String(body(event)), MAX_TEXT_LENGTH, cuts);
  } catch (error) {
    errors.push(error);
  }
  try {
    shown = attributes === undefined ? event.metadata : attributes(event);
  } catch (error) {
    errors.push(error);
  }
  try {
    context = contextOf?.(event);
  } catch (error) {
    errors.push(error);
  }
  if (context === undefined && traceparent !== undefined) context = parseTraceparent(traceparent);
  const record = {
    timestampMs: timestamp,
    level,
    severityNumber,
    body: text,
    attributes: toLogAttributes(shown, redaction, cuts),
    eventType: type,
    sessionId: boundedValue(event.sessionId, MAX_TEXT_LENGTH, cuts) as string,
    operationId: boundedValue(event.operationId, MAX_TEXT_LENGTH, cuts) as string,
  };
  if (context === undefined) return record;
  const { traceId, spanId, traceFlags } = context;
  return { ...record, traceId, spanId, traceFlags };
}

/** @throws {TypeError} if it is no level, which a declaration's function may have returned */
export function severityOf(type: string, level: LogLevel): number {
  const severityNumber = Object.hasOwn(SEVERITY_NUMBERS, level)
    ? SEVERITY_NUMBERS[level]
    : undefined;
  if (severityNumber !== undefined) return severityNumber;
  throw new TypeError(
    `Cannot log ${type}: level must be one of ${LOG_LEVELS.join(", ")}, received ${format(level)}`,
  );
}
