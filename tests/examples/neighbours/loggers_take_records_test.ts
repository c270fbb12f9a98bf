import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { LoggingSubscriber, type LogSink } from "@busbar/busbar/subscribers";
import { configure, getLogger, type LogRecord, reset } from "@logtape/logtape";
import { pino } from "pino";
import { logTapeSink } from "../../../examples/neighbours/logtape.ts";
import { pinoSink } from "../../../examples/neighbours/pino.ts";

interface ShopEvents {
  "order.placed": { cents: number; card: string };
  "order.failed": { why: string };
}
const { catalog } = declare<ShopEvents>();
const { logs } = catalog({
  logs: {
    "order.placed": { level: "info", body: () => "order {placed}", redact: ["card"] },
    "order.failed": { level: "warn", body: () => "order failed" },
  },
});
const AT = Date.UTC(2026, 0, 31, 12);
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

async function publishTo(sink: LogSink): Promise<void> {
  const bus = new EventBus<ShopEvents>({ clock: () => AT }).start();
  bus.registerSubscriber(new LoggingSubscriber<ShopEvents>({ logs, sink }));
  bus.publish("order.placed", { cents: 250, card: "4111" }, { traceparent: TRACEPARENT });
  bus.publish("order.failed", { why: "no stock" });
  await bus.stop();
}

Deno.test("pino writes its own lines, with the event's time where it is asked to", async () => {
  const lines: string[] = [];
  const log = pino(
    { timestamp: false, base: { service: "shop" } },
    { write: (line: string) => void lines.push(line) },
  );
  await publishTo(pinoSink(log, { ownTime: true }));
  assertEquals(lines.map((line) => JSON.parse(line)), [
    {
      level: 30,
      service: "shop",
      time: AT,
      cents: 250,
      card: "[redacted]",
      traceId: TRACE_ID,
      spanId: "b7ad6b7169203331",
      msg: "order {placed}",
    },
    { level: 40, service: "shop", time: AT, why: "no stock", msg: "order failed" },
  ]);
});

Deno.test("pino's own level and time hold where nothing is said", async () => {
  const lines: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
  await publishTo(pinoSink(log));
  const [line, ...others] = lines.map((line) => JSON.parse(line));
  assertEquals([line.msg, typeof line.time, others.length], ["order failed", "number", 0]);
});

Deno.test("LogTape's sinks get the records, braces and all", async () => {
  const records: LogRecord[] = [];
  await configure({
    sinks: { kept: (record) => void records.push(record) },
    loggers: [
      { category: "shop", sinks: ["kept"], lowestLevel: "info" },
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "error" },
    ],
  });
  try {
    await publishTo(logTapeSink(getLogger("shop")));
  } finally {
    await reset();
  }
  assertEquals(
    records.map(({ category, level, timestamp, message, properties }) => ({
      category,
      level,
      timestamp,
      message,
      properties,
    })),
    [
      {
        category: ["shop"],
        level: "info",
        timestamp: AT,
        message: ["order {placed}"],
        properties: {
          cents: 250,
          card: "[redacted]",
          traceId: TRACE_ID,
          spanId: "b7ad6b7169203331",
        },
      },
      {
        category: ["shop"],
        level: "warning",
        timestamp: AT,
        message: ["order failed"],
        properties: { why: "no stock" },
      },
    ],
  );
});
