/**
 * Log records through LogTape: its sinks, filters and formatters stay.
 *
 * @module
 */
import type { LogSink } from "@busbar/busbar/subscribers";
import type { Logger } from "@logtape/logtape";

/**
 * A sink that hands each record to a logger, with the event's own time. It uses `emit`, since `info`
 * and its like would take braces in a text for placeholders.
 */
export function logTapeSink(logger: Logger): LogSink {
  return ({ level, body, attributes, timestampMs, traceId, spanId }) =>
    logger.emit({
      timestamp: timestampMs,
      level: level === "warn" ? "warning" : level,
      message: [body],
      rawMessage: body,
      properties: { ...attributes, ...(traceId === undefined ? {} : { traceId, spanId }) },
    });
}
