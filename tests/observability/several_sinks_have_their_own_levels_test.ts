import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { declare, type LogLevel } from "@busbar/busbar/catalog";
import { startObservability, type StartOptions } from "@busbar/busbar/observability";
import { jsonLinesSink, LoggingSubscriber, type LogSink } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

interface ShopEvents {
  said: { level: LogLevel };
}
const { catalog } = declare<ShopEvents>();
const shop = catalog({
  logs: { said: { level: ({ metadata }) => metadata.level, body: (e) => e.metadata.level } },
});
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** What arrives by OTLP, and what is told, when one record of each level is logged. */
async function pushed(logSink: StartOptions<ShopEvents>["logSink"], endpoint?: string) {
  const logger = new MemoryLogger();
  await using obs = await startObservability<ShopEvents>({
    catalog: shop,
    env: () => undefined,
    logger,
    minLevel: "debug",
    logSink,
    server: false,
    metricsEnabled: false,
    ...(endpoint === undefined ? {} : { otlp: { endpoint } }),
  });
  for (const level of LEVELS) obs.bus.publish("said", { level });
  await obs.flush();
  return logger.lines.filter((line) => line.includes("; log records "))
    .map((line) => line.replace(/.*log records/, "log records"));
}

Deno.test("OTLP and other sinks at once, each from its own level on", async () => {
  await using receiver = await OtlpReceiver.start();
  const lines: string[] = [];
  const warnings: string[] = [];
  const told = await pushed([
    { otlp: { minLevel: "error" } },
    jsonLinesSink({ write: (_, { body }) => void lines.push(body) }),
    Object.assign<LogSink, Pick<LogSink, "minLevel">>(
      (record) => void warnings.push(record.body),
      { minLevel: "warn" },
    ),
  ], receiver.endpoint);
  const bodies = receiver.received.flatMap(({ body }) =>
    body.resourceLogs[0].scopeLogs[0].logRecords.map((record: { body: { string: string } }) =>
      record.body.string
    )
  );
  assertEquals(bodies, ["error", "fatal"]);
  assertEquals([lines, warnings], [LEVELS.slice(1), LEVELS.slice(3)]);
  assertEquals(told, [
    `log records pushed to ${receiver.endpoint}/v1/logs and to the program's sink`,
  ]);
});

Deno.test("what stands for OTLP is nothing where there is no endpoint", async () => {
  const lines: string[] = [];
  const sink = jsonLinesSink({ write: (_, { body }) => void lines.push(body), minLevel: "fatal" });
  assertEquals(await pushed(["otlp", sink]), ["log records to the program's sink"]);
  assertEquals(lines, ["fatal"]);
});

Deno.test("what is no sink is refused, and so is a level that is none", async () => {
  const refused: [sink: unknown, message: string][] = [
    [["stdout"], 'logSink must be "otlp", { otlp: { minLevel } } or a function'],
    [[{ otlp: { minLevel: "loud" } }], "minLevel must be one of trace, debug"],
    [[{ oltp: {} }], "oltp"],
  ];
  await using receiver = await OtlpReceiver.start();
  for (const [logSink, message] of refused) {
    await assertRejects(
      () => pushed(logSink as StartOptions<ShopEvents>["logSink"], receiver.endpoint),
      TypeError,
      message,
    );
  }
  const sink = Object.assign(() => {}, { minLevel: "loud" }) as unknown as LogSink;
  assertThrows(() => new LoggingSubscriber({ logs: {}, sink }), TypeError, "minLevel of the sink");
});
