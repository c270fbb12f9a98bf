/**
 * Log records through a pino logger: its formats, transports, redaction and levels stay.
 *
 * @module
 */
import type { LogSink } from "@busbar/busbar/subscribers";
import type { Logger } from "pino";

/** How records are handed on. */
export interface PinoSinkOptions {
  /**
   * Whether a line has the event's own time. The logger must write none then:
   * `pino({ timestamp: false })`. Default: `false`, pino writes when it was called, some milliseconds
   * after the event.
   */
  readonly ownTime?: boolean;
}

/** A sink that writes each record as pino writes it: `log.info(fields, message)`. */
export function pinoSink(logger: Logger, { ownTime = false }: PinoSinkOptions = {}): LogSink {
  return Object.assign(
    ({ level, body, attributes, timestampMs, traceId, spanId }: Parameters<LogSink>[0]) => {
      logger[level]({
        ...(ownTime ? { time: Math.round(timestampMs) } : {}),
        ...attributes,
        ...(traceId === undefined ? {} : { traceId, spanId }),
      }, body);
    },
    // pino may buffer (`pino.destination({ sync: false })`).
    { flush: () => new Promise<void>((resolve) => logger.flush(() => resolve())) },
  );
}
