import { wallMs } from "../../internal/clocks.ts";
import type { Logger } from "../../internal/logger.ts";
import { report } from "../../internal/reporting.ts";
import { type LogRecord, SEVERITY_NUMBERS, SUPPRESSED_EVENT_TYPE } from "./log_record.ts";
import type { LoggingStats } from "./options.ts";
import type { Suppressed } from "./rate_limit.ts";
import type { SinkRunner } from "./sink_runner.ts";

/** The `eventType` of the records that say how many lines are missing. */
const DROPPED_EVENT_TYPE = "bus:logs_dropped";

/** The record that says how many of a type were suppressed. */
export function summaryOf(type: string, { count, sinceMs, untilMs }: Suppressed): LogRecord {
  return {
    timestampMs: untilMs,
    level: "warn",
    severityNumber: SEVERITY_NUMBERS.warn,
    body: count === 1
      ? `1 record of ${type} was suppressed`
      : `${withThousands(count)} records of ${type} were suppressed`,
    attributes: { eventType: type, suppressed: count, sinceMs },
    eventType: SUPPRESSED_EVENT_TYPE,
    sessionId: "",
    operationId: "",
  };
}

/** The record that says among others how many lines their output had no room for. */
export function droppedRecord(dropped: number): LogRecord {
  return {
    timestampMs: wallMs(),
    level: "warn",
    severityNumber: SEVERITY_NUMBERS.warn,
    body: `${withThousands(dropped)} ${dropped === 1 ? "line was" : "lines were"} dropped here: ` +
      "the output took fewer than there were",
    attributes: { dropped },
    eventType: DROPPED_EVENT_TYPE,
    sessionId: "",
    operationId: "",
  };
}

/** Lines that an output has not taken. */
export interface UnwrittenLines {
  /** How many wait. */
  readonly waiting: number;
  readonly reason: string;
  /** How many were dropped before. */
  readonly dropped: number;
}

/** The text that says of a sink at the end that lines are not written. */
export function unwrittenText(name: string, { waiting, reason, dropped }: UnwrittenLines): string {
  const before = dropped > 0 ? `; ${dropped} were dropped before` : "";
  return `${name} cannot write all lines, ${waiting} wait: ${reason}${before}`;
}

/** Reports, in one line, all that was lost so far and all that may yet be. */
export class LossReport {
  readonly #logger: Logger;
  #reported = "";

  /** @param logger where it is reported */
  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Reports it, unless that is just what was reported last. */
  update(stats: LoggingStats, runners: readonly SinkRunner[]): void {
    // To say it there would take as long as what is said takes.
    if (this.#logger === console && runners.some((runner) => runner.isConsoleStuck)) return;
    const losses = lossesOf(stats, runners);
    if (losses !== "" && losses !== this.#reported) {
      report(this.#logger, `LoggingSubscriber: not all log records were written: ${losses}`);
    }
    this.#reported = losses;
  }
}

function lossesOf(
  { suppressedByType }: LoggingStats,
  runners: readonly SinkRunner[],
): string {
  const suppressed = Object.values(suppressedByType).reduce((sum, count) => sum + count, 0);
  return [
    [suppressed, "were beyond the rate limit"] as const,
    ...runners.flatMap((runner) => {
      const { name, failed, dropped } = runner.stats();
      return [
        [failed, `failed in the sink ${name}`] as const,
        [dropped, `were too many for the sink ${name}`] as const,
        [runner.pending, `wait in the sink ${name}`] as const,
      ];
    }),
  ].filter(([count]) => count > 0)
    .map(([count, what]) => `${withThousands(count)} ${what}`)
    .join(", ");
}

function withThousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
