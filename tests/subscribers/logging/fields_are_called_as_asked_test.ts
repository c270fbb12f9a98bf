import { assert, assertEquals, assertThrows } from "@std/assert";
import { type JsonLinesOptions, jsonLinesSink, type LogRecord } from "@busbar/busbar/subscribers";
import fc from "../../support/properties.ts";

const RECORD: LogRecord = {
  timestampMs: Date.UTC(2026, 0, 31, 23, 59, 59, 7) + 0.25,
  level: "warn",
  severityNumber: 13,
  body: "no such key",
  attributes: { key: "a1", "http.status": 404, user: { id: 7, roles: ["a", "b"] } },
  eventType: "cache.miss",
  sessionId: "s1",
  operationId: "o1",
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: 1,
};

const TEXT = fc.string({ maxLength: 8 });

function lineOf(fields: JsonLinesOptions["fields"], record: Partial<LogRecord> = {}): string {
  let written = "";
  jsonLinesSink({ fields, write: (line) => written = line })({ ...RECORD, ...record });
  return written;
}

Deno.test("pino: numbers for time and level, msg, and attributes among the fields", () => {
  assertEquals(
    lineOf("pino"),
    '{"time":1769903999007,"level":40,"msg":"no such key","eventType":"cache.miss",' +
      '"sessionId":"s1","operationId":"o1","trace_id":"0af7651916cd43dd8448eb211c80319c",' +
      '"span_id":"b7ad6b7169203331","trace_flags":"01","key":"a1","http.status":404,' +
      '"user":{"id":7,"roles":["a","b"]}}',
  );
  const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
  assertEquals(
    levels.map((level) => JSON.parse(lineOf("pino", { level })).level),
    [10, 20, 30, 40, 50, 60],
  );
});

Deno.test("ecs: names with dots at the top, and labels without objects in them", () => {
  assertEquals(
    lineOf("ecs"),
    '{"@timestamp":"2026-01-31T23:59:59.007Z","log.level":"warn","message":"no such key",' +
      '"ecs.version":"8.11.0","event.action":"cache.miss","labels.session_id":"s1",' +
      '"labels.operation_id":"o1","trace.id":"0af7651916cd43dd8448eb211c80319c",' +
      '"span.id":"b7ad6b7169203331","labels":{"key":"a1","http_status":404,"user_id":7,' +
      '"user_roles":["a","b"]}}',
  );
  const attributes = { list: [{ a: 1 }], ["__proto__"]: "x", deep: { er: { still: null } } };
  assertEquals(
    JSON.parse(lineOf("ecs", { attributes })).labels,
    JSON.parse('{"list":"[{\\"a\\":1}]","__proto__":"x","deep_er_still":null}'),
  );
});

Deno.test("google: severities of Cloud Logging, and the names that it takes out of the line", () => {
  assertEquals(
    lineOf({ preset: "google", traceIdPrefix: "projects/shop/traces/" }),
    '{"time":"2026-01-31T23:59:59.007Z","severity":"WARNING","message":"no such key",' +
      '"eventType":"cache.miss","sessionId":"s1","operationId":"o1",' +
      '"logging.googleapis.com/trace":"projects/shop/traces/0af7651916cd43dd8448eb211c80319c",' +
      '"logging.googleapis.com/spanId":"b7ad6b7169203331",' +
      '"logging.googleapis.com/trace_sampled":true,"attributes":{"key":"a1","http.status":404,' +
      '"user":{"id":7,"roles":["a","b"]}}}',
  );
  const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
  assertEquals(
    levels.map((level) => JSON.parse(lineOf("google", { level })).severity),
    ["DEBUG", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
  );
});

Deno.test("names of one's own, fields left out, constants", () => {
  const fields = {
    timestamp: "t",
    timestampFormat: "epoch-ms",
    level: "l",
    levels: { warn: "W" },
    body: "m",
    eventType: false,
    operationId: false,
    traceId: false,
    spanId: false,
    traceFlags: false,
    attributes: false,
    constants: { service: "shop", at: { zone: "a" } },
  } as const;
  assertEquals(
    lineOf(fields),
    '{"t":1769903999007,"l":"W","m":"no such key","service":"shop","at":{"zone":"a"},' +
      '"sessionId":"s1"}',
  );
  assertEquals(JSON.parse(lineOf(fields, { level: "info" })).l, "info");
});

Deno.test("the fields that there are by default are those that say nothing else", () => {
  assertEquals(lineOf("busbar"), lineOf(undefined));
  assertEquals(lineOf({}), lineOf(undefined));
  assertEquals(lineOf({ preset: "busbar", constants: {} }), lineOf(undefined));
});

Deno.test("an attribute among the fields takes no field's place, whatever it is called", () => {
  const attributes = { level: "fatal", msg: "forged", other: 1, time: null };
  const line = lineOf("pino", { attributes });
  const { level, msg, ...rest } = JSON.parse(line);
  assertEquals([level, msg, rest["attributes.level"], rest.other], [40, "no such key", "fatal", 1]);
  fc.assert(fc.property(
    fc.constantFrom<JsonLinesOptions["fields"]>("pino", "ecs", "google", { attributes: "" }),
    fc.dictionary(TEXT, fc.oneof(TEXT, fc.integer(), fc.dictionary(TEXT, TEXT, { maxKeys: 3 })), {
      maxKeys: 5,
    }),
    (fields, attributes) => {
      const line = lineOf(fields, { attributes });
      assert(!line.includes("\n"));
      // With a name twice, it would be shorter than it was.
      assertEquals(JSON.stringify(JSON.parse(line)).length, line.length);
    },
  ));
});

Deno.test("what could not be obeyed is refused, by name", () => {
  const refused: [fields: unknown, message: string][] = [
    ["bunyan", 'fields must be one of busbar, pino, ecs, google, or names, received "bunyan"'],
    [{ preset: "winston" }, "fields.preset must be one of busbar, pino, ecs, google"],
    [{ time: "t" }, "time"],
    [{ body: "" }, "fields.body must be a name"],
    [{ level: false }, "fields.level must be a name"],
    [{ spanId: 3 }, "fields.spanId must be a name or false"],
    [{ body: "level" }, "fields must be names that differ from each other"],
    [{ constants: { body: 1 } }, "fields must be names that differ from each other"],
    [{ constants: 3 }, "fields.constants must be values by name"],
    [{ levels: { info: {} } }, "fields.levels must be texts or numbers of trace, debug"],
    [{ levels: { notice: 1 } }, "fields.levels must be texts or numbers of trace, debug"],
    [{ timestampFormat: "rfc" }, 'fields.timestampFormat must be "iso" or "epoch-ms"'],
    [{ traceIdPrefix: 3 }, "fields.traceIdPrefix must be a string"],
  ];
  for (const [fields, message] of refused) {
    assertThrows(
      () => jsonLinesSink({ fields: fields as JsonLinesOptions["fields"] }),
      TypeError,
      message,
    );
  }
});
