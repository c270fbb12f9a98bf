/** A process that logs one record to whatever its standard output is; run by the tests of the console. */
import { consoleSink } from "@busbar/busbar/subscribers";

const sink = consoleSink();
sink({
  timestampMs: 0,
  level: "warn",
  severityNumber: 13,
  body: "no such key",
  attributes: { key: "a1", hostile: "\x1b[2J" },
  eventType: "cache.miss",
  sessionId: "",
  operationId: "",
});
