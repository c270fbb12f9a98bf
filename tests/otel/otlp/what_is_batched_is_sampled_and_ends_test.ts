import { assertEquals } from "@std/assert";
import type { Attributes } from "@opentelemetry/api";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { type Sampler, SamplingDecision, TracerProvider } from "@opentelemetry/sdk-trace";
import { BusTracer, LogBatchProcessor, SpanBatchProcessor } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { watchTimers } from "../../support/watched_timers.ts";

/** An exporter that notes what it is asked for, and answers if it is to. */
function noting(answers = true) {
  const calls: string[] = [];
  return {
    calls,
    export: (items: readonly unknown[], done: (result: { code: number }) => void) => {
      calls.push(`export ${items.length}`);
      if (answers) done({ code: 0 });
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(void calls.push("shutdown")),
  };
}

Deno.test("a span that is recorded but not sampled is not exported, and does not count", async () => {
  const decisions = [SamplingDecision.RECORD, SamplingDecision.RECORD_AND_SAMPLED];
  const sampler: Sampler = {
    shouldSample: () => ({ decision: decisions.shift() as SamplingDecision }),
    toString: () => "in turn",
  };
  const exporter = noting();
  const processor = new SpanBatchProcessor(exporter);
  const provider = new TracerProvider({ sampler, spanProcessors: [processor] });
  for (const name of ["recorded", "sampled"]) provider.getTracer("test").startSpan(name).end();
  assertEquals(processor.stats().queued, 1);
  await provider.shutdown();
  assertEquals(processor.stats(), { exported: 1, failed: 0, dropped: 0, queued: 0 });
});

Deno.test("a shutdown exports what is queued, and shuts the exporter down", async () => {
  for (const answers of [true, false]) {
    const deadline = answers ? {} : { timeoutMillis: 1 };
    const logger = new MemoryLogger();
    const forSpans = noting(answers);
    const spans = new SpanBatchProcessor(forSpans, { logger });
    new TracerProvider({ spanProcessors: [spans] }).getTracer("test").startSpan("read").end();
    await spans.shutdown(deadline);
    const forLogs = noting(answers);
    const logs = new LogBatchProcessor(forLogs, { logger });
    new LoggerProvider({ processors: [logs] }).getLogger("test").emit({ body: "read" });
    await logs.shutdown(deadline);
    assertEquals(forSpans.calls, ["export 1", "shutdown"]);
    assertEquals(forLogs.calls, ["export 1", "shutdown"]);
  }
});

Deno.test("a flush and a shutdown wait for as long as they may, else for half a minute", async () => {
  for (const processor of [new SpanBatchProcessor(noting()), new LogBatchProcessor(noting())]) {
    using timers = watchTimers();
    await processor.forceFlush();
    await processor.forceFlush({ timeoutMillis: 12_345 });
    await processor.shutdown({ timeoutMillis: 23_456 });
    assertEquals(timers.delaysMs, [30_000, 12_345, 23_456]);
  }
});

Deno.test("a batch waits for the attributes of every resource that its items are of", async () => {
  const exported: Attributes[] = [];
  const processor = new SpanBatchProcessor({
    ...noting(),
    export: (spans, done) => {
      for (const { resource } of spans) exported.push({ ...resource.attributes });
      done({ code: 0 });
    },
  });
  const host = Promise.withResolvers<string>();
  const tracerOf = (resourceAttributes: Record<string, unknown>) =>
    new BusTracer({
      processor,
      scopeName: "test",
      resourceAttributes: resourceAttributes as Attributes,
    });
  tracerOf({ at: "once" }).startSpan("first").end();
  tracerOf({ host: host.promise }).startSpan("second").end();
  const flushed = processor.forceFlush();
  host.resolve("a");
  await flushed;
  assertEquals(exported, [{ at: "once" }, { host: "a" }]);
  await processor.shutdown();
});
