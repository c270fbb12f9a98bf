import { assert, assertEquals } from "@std/assert";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { createOtlpExporters, SpanBatchProcessor } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";

const CHUNK = new Uint8Array(16 * 1_024).fill(0x20);

Deno.test("a response that never ends is left after 64 KiB, and holds up no export", async () => {
  const read: number[] = [];
  const left = Promise.withResolvers<void>();
  const { fetch } = globalThis;
  // A body whose bytes are counted as they are asked for: no socket reads ahead.
  globalThis.fetch = () => {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        read.push(CHUNK.byteLength);
        controller.enqueue(CHUNK);
      },
      cancel: () => left.resolve(),
    }, { highWaterMark: 0 });
    const headers = { "content-type": "application/json" };
    return Promise.resolve(new Response(body, { headers }));
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
    await left.promise;
    assertEquals(processor.stats().queued, 0);
    const bytes = read.reduce((sum, length) => sum + length, 0);
    assert(bytes > 64 * 1_024 && bytes <= 64 * 1_024 + CHUNK.byteLength, `${bytes} bytes read`);
    await provider.shutdown();
  } finally {
    globalThis.fetch = fetch;
  }
});

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
