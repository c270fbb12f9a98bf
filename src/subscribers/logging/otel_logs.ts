import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import type { LogLevel } from "../../catalog/log.ts";
import { assertMethod } from "../../internal/arguments.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { toHrTime } from "../hr_time.ts";
import type { OtelLogger } from "../otel_api.ts";
import { assertAttributeName, DEFAULT_SESSION_ID_ATTRIBUTE } from "../session_id.ts";
import { assertLevel } from "./levels.ts";
import type { LogRecord, LogSink } from "./log_record.ts";

const ACTION = "create otelLogSink";

/**
 * Creates a sink that emits to the OpenTelemetry Logs API: severity, body, attributes, the event's
 * own time, its type as the event name, its session as an attribute, and its span. A span that
 * happens to be active while the bus drains is not used.
 *
 * @param logger such as `logs.getLogger("shop")`
 * @throws {TypeError} if `logger` is not a logger, or an option is unknown or invalid
 */
export function otelLogSink(logger: OtelLogger, options: {
  /**
   * The attribute that holds the session of a record that has one, unless its event gives it an
   * attribute of that name. Default: `"session.id"`.
   */
  readonly sessionIdAttribute?: string | undefined;
  /** The sink gets no records below this level. Default: it gets all that there are. */
  readonly minLevel?: LogLevel | undefined;
} = {}): LogSink {
  assertMethod(ACTION, "logger", logger, "emit");
  assertKnownNames(ACTION, "option", options, ["sessionIdAttribute", "minLevel"]);
  const { sessionIdAttribute = DEFAULT_SESSION_ID_ATTRIBUTE, minLevel } = options;
  assertLevel(ACTION, "minLevel", minLevel);
  assertAttributeName(ACTION, "sessionIdAttribute", sessionIdAttribute);
  const sink = function otelLogs(record: LogRecord): void {
    logger.emit({
      eventName: record.eventType,
      timestamp: toHrTime(record.timestampMs),
      severityNumber: record.severityNumber,
      severityText: record.level.toUpperCase(),
      body: record.body,
      attributes: record.sessionId === ""
        ? record.attributes
        : { [sessionIdAttribute]: record.sessionId, ...record.attributes },
      context: contextOf(record),
    });
  };
  return minLevel === undefined ? sink : Object.assign(sink, { minLevel });
}

/** A context with the record's own span, whichever one is active. */
export function contextOf({ traceId, spanId, traceFlags = 0 }: LogRecord): typeof ROOT_CONTEXT {
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
