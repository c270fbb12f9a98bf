import { assert, assertEquals } from "@std/assert";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { createOtlpExporters, SpanBatchProcessor } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";

const CHUNK = new Uint8Array(16 * 1_024).fill(0x20);

const LIMIT = 4 * 1_024 * 1_024;

// opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Response": a client limits the response to 4 MiB, and
// treats a longer one as a failure that is not retried
for (const status of [200, 503]) {
  Deno.test(`a response of ${status} that never ends is left after 4 MiB, and is no success`, async () => {
    let bytes = 0;
    let requests = 0;
    const { fetch } = globalThis;
    // A body whose bytes are counted as they are asked for: no socket reads ahead.
    globalThis.fetch = () => {
      requests++;
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          bytes += CHUNK.byteLength;
          controller.enqueue(CHUNK);
        },
      }, { highWaterMark: 0 });
      const headers = { "content-type": "application/json", "retry-after": "3600" };
      return Promise.resolve(new Response(body, { headers, status }));
    };
    try {
      const exporters = createOtlpExporters({
        endpoint: "http://127.0.0.1:4318",
        timeoutMs: 600_000,
        protocol: "http/json",
      });
      const logger = new MemoryLogger();
      const processor = new SpanBatchProcessor(exporters.traces, { logger });
      const provider = new TracerProvider({ spanProcessors: [processor] });
      provider.getTracer("test").startSpan("read").end();
      await processor.forceFlush();
      assertEquals(processor.stats(), { queued: 0, exported: 0, failed: 1, dropped: 0 });
      assertEquals(requests, 1);
      assert(bytes > LIMIT && bytes <= LIMIT + CHUNK.byteLength, `${bytes} bytes read`);
      const why = status === 200 ? "the receiver's response is longer than 4 MiB" : "with 503";
      assert(logger.lines[0]?.endsWith(why), logger.lines[0]);
      await provider.shutdown();
    } finally {
      globalThis.fetch = fetch;
    }
  });
}

Deno.test("a response that says it is empty is not read at all", async () => {
  let [pulled, cancelled] = [0, 0];
  const { fetch } = globalThis;
  globalThis.fetch = () => {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: () => void pulled++,
      cancel: () => void cancelled++,
    }, { highWaterMark: 0 });
    return Promise.resolve(new Response(body, { headers: { "content-length": "0" } }));
  };
  try {
    const { traces } = createOtlpExporters({ endpoint: "http://127.0.0.1:4318" });
    const processor = new SpanBatchProcessor(traces, { logger: new MemoryLogger() });
    const provider = new TracerProvider({ spanProcessors: [processor] });
    provider.getTracer("test").startSpan("read").end();
    await processor.forceFlush();
    assertEquals([processor.stats().exported, pulled, cancelled], [1, 0, 1]);
    await provider.shutdown();
  } finally {
    globalThis.fetch = fetch;
  }
});
