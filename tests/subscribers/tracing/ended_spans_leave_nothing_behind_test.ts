import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { INVALID_SPAN_CONTEXT, trace } from "@opentelemetry/api";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { TracingSubscriber } from "@busbar/busbar/subscribers";
import { collectGarbage } from "../../support/garbage.ts";
import { ONE_SLICE_MS } from "../../support/quiet_bus.ts";
import type { TestEvents } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();
/** The bus keeps the records of one slice at a time. */
const SESSIONS_A_SLICE = 500;

Deno.test("Spans that have ended leave nothing of their sessions and operations behind", async () => {
  const tracing = new TracingSubscriber<TestEvents>({
    tracer: { startSpan: () => trace.wrapSpanContext(INVALID_SPAN_CONTEXT) },
    spans: {
      request: span("request.start", "request.end", { root: true, failedBy: "request.failed" }),
      read: span("read.start", "read.end", { announcedBy: "read.queued", parent: "request" }),
    },
  });
  await using bus = new EventBus<TestEvents>({ drainBudgetMs: ONE_SLICE_MS }).start();
  bus.registerSubscriber(tracing);
  const run = async (slices: number, name: string) => {
    for (let slice = 0; slice < slices; slice++) {
      for (let n = 0; n < SESSIONS_A_SLICE; n++) {
        const sessionId = `${name} ${slice} ${n}`;
        const init = { sessionId, operationId: `operation of ${sessionId}` };
        bus.publish("request.start", {}, init);
        bus.publish("read.queued", {}, init);
        bus.publish("read.start", {}, init);
        // The root waits for its work.
        bus.publish("request.end", {}, init);
        bus.publish("read.end", {}, init);
      }
      await bus.flush();
    }
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = await run(4, "before");
  const bytes = await run(80, "after") - before;
  const { open, ended } = tracing.stats();
  assertEquals([open, ended], [0, 2 * 84 * SESSIONS_A_SLICE]);
  // A hundred bytes of each session would be four megabytes.
  assert(bytes < 2e6, `${bytes} bytes`);
});
