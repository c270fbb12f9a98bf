import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { toHrTime } from "../hr_time.ts";
import type { OtelLogger } from "../otel_api.ts";
import type { LogRecord, LogSink } from "./log_record.ts";

/** The attribute that holds the event's session, unless the record already has one of that name. */
export const SESSION_ID_ATTRIBUTE = "session_id";

/**
 * Creates a sink that emits to the OpenTelemetry Logs API: severity, body, attributes, the event's own
 * time, its type as the event name, its session as the attribute {@linkcode SESSION_ID_ATTRIBUTE},
 * and its span. A span that happens to be active while the bus drains is not used.
 *
 * @param logger such as `logs.getLogger("shop")`
 * @throws {TypeError} if `logger` is not a logger
 */
export function otelLogSink(logger: OtelLogger): LogSink {
  if (typeof logger?.emit !== "function") {
    throw new TypeError(
      `Cannot create otelLogSink: logger must have a method emit, received ${typeof logger}`,
    );
  }
  return function otelLogs(record: LogRecord): void {
    logger.emit({
      eventName: record.eventType,
      timestamp: toHrTime(record.timestampMs),
      severityNumber: record.severityNumber,
      severityText: record.level.toUpperCase(),
      body: record.body,
      attributes: record.sessionId === ""
        ? record.attributes
        : { [SESSION_ID_ATTRIBUTE]: record.sessionId, ...record.attributes },
      context: contextOf(record),
    });
  };
}

function contextOf({ traceId, spanId, traceFlags = 0 }: LogRecord): typeof ROOT_CONTEXT {
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
