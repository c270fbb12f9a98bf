import { assertEquals, assertThrows } from "@std/assert";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { type BatchOptions, createOtlpExporters, SpanBatchProcessor } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { serve, serveBytes } from "../../support/loopback.ts";
import { OtlpReceiver } from "../../support/otlp_receiver.ts";

/** Spans that go to an endpoint. */
function spansTo(endpoint: string, timeoutMs = 5_000, options: BatchOptions = {}) {
  const logger = new MemoryLogger();
  const exporters = createOtlpExporters({ endpoint, timeoutMs });
  const processor = new SpanBatchProcessor(exporters.traces, { logger, ...options });
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const tracer = provider.getTracer("test");
  return {
    lines: logger.lines,
    stats: () => processor.stats(),
    end(count = 1) {
      for (let i = 0; i < count; i++) tracer.startSpan("read").end();
    },
    flush: () => processor.forceFlush(),
    [Symbol.asyncDispose]: () => provider.shutdown(),
  };
}

const busy = (status: number, retryAfter: string) =>
  new Response("busy", {
    status,
    headers: { "retry-after": retryAfter, "content-type": "text/plain" },
  });

Deno.test("What is down costs what was sent meanwhile, counted and reported; then it goes on", async () => {
  await using receiver = await OtlpReceiver.start();
  const { endpoint } = receiver;
  await receiver[Symbol.asyncDispose]();
  // Less than the first wait before another attempt.
  await using spans = spansTo(endpoint, 500, { maxQueueSize: 10 });
  spans.end(25);
  await spans.flush();
  assertEquals(spans.stats(), { exported: 0, failed: 10, dropped: 15, queued: 0 });
  assertEquals(spans.lines.length, 1);

  const { port } = new URL(endpoint);
  await using _again = await serve(() => new Response(), Number(port));
  spans.end(3);
  await spans.flush();
  assertEquals(spans.stats(), { exported: 3, failed: 10, dropped: 15, queued: 0 });
});

Deno.test("Why nothing could be sent is reported, without the query of the address", async () => {
  await using receiver = await OtlpReceiver.start();
  const endpoint = `${receiver.endpoint}/v1/traces?key=hunter2`;
  await receiver[Symbol.asyncDispose]();
  const logger = new MemoryLogger();
  const { traces } = createOtlpExporters({ traces: { endpoint, timeoutMs: 500 } });
  const provider = new TracerProvider({
    spanProcessors: [new SpanBatchProcessor(traces, { logger })],
  });
  provider.getTracer("test").startSpan("read").end();
  await provider.shutdown();
  const [line = ""] = logger.lines;
  assertEquals(/refused/i.test(line) && !line.includes("hunter2"), true, line);
});

Deno.test("What is too slow fails at the deadline; then it goes on", async () => {
  const answer = Promise.withResolvers<Response>();
  await using receiver = await OtlpReceiver.start(() => answer.promise);
  await using spans = spansTo(receiver.endpoint, 300);
  spans.end();
  await spans.flush();
  assertEquals(spans.stats(), { exported: 0, failed: 1, dropped: 0, queued: 0 });
  assertEquals(spans.lines, [
    `busbar: Cannot export 1 spans to ${receiver.endpoint}/v1/traces, 1 in all: no response within ` +
    "300 ms",
  ]);
  answer.resolve(new Response());
  receiver.respond = () => new Response();
  spans.end();
  await spans.flush();
  assertEquals(spans.stats().exported, 1);
});

for (const status of [429, 502, 503, 504]) {
  Deno.test(`After ${status} it is tried again when Retry-After says so`, async () => {
    await using receiver = await OtlpReceiver.start((n) =>
      n < 2 ? busy(status, "0") : new Response()
    );
    await using spans = spansTo(receiver.endpoint);
    spans.end(4);
    await spans.flush();
    assertEquals(receiver.received.length, 3);
    assertEquals(spans.stats(), { exported: 4, failed: 0, dropped: 0, queued: 0 });
    assertEquals(spans.lines, []);
  });
}

Deno.test("A Retry-After may be a date, and one beyond the deadline is not waited for", async () => {
  await using receiver = await OtlpReceiver.start((n) =>
    n === 0 ? busy(503, "Wed, 21 Oct 2015 07:28:00 GMT") : busy(503, "3600")
  );
  await using spans = spansTo(receiver.endpoint);
  spans.end();
  await spans.flush();
  assertEquals(receiver.received.length, 2);
  assertEquals(spans.stats().failed, 1);
});

Deno.test("A Retry-After that is none is no reason to ask again at once", async () => {
  for (const retryAfter of ["-5", "1.5", "99999999999"]) {
    await using receiver = await OtlpReceiver.start(() => busy(503, retryAfter));
    // Less than the first wait before another attempt.
    await using spans = spansTo(receiver.endpoint, 500);
    spans.end();
    await spans.flush();
    assertEquals(receiver.received.length, 1);
    assertEquals(spans.stats().failed, 1);
  }
});

Deno.test("A receiver that is busy for ever is not asked for ever", async () => {
  await using receiver = await OtlpReceiver.start(() => busy(503, "0"));
  await using spans = spansTo(receiver.endpoint);
  spans.end();
  await spans.flush();
  assertEquals(receiver.received.length, 6);
  assertEquals(spans.stats().failed, 1);
  assertEquals(spans.lines, [
    `busbar: Cannot export 1 spans to ${receiver.endpoint}/v1/traces, 1 in all: the receiver ` +
    "responded with 503: busy",
  ]);
});

for (const status of [307, 400, 401, 404, 500]) {
  Deno.test(`After ${status} it is not tried again`, async () => {
    await using receiver = await OtlpReceiver.start(() =>
      new Response("no", { status, headers: { location: "/elsewhere" } })
    );
    await using spans = spansTo(receiver.endpoint);
    spans.end();
    await spans.flush();
    assertEquals(receiver.received.length, 1);
    assertEquals(spans.stats().failed, 1);
  });
}

Deno.test("Garbage with a good status counts as accepted", async () => {
  await using receiver = await OtlpReceiver.start((n) =>
    new Response(["\xff\xff garbage", "x".repeat(1e6)][n])
  );
  await using spans = spansTo(receiver.endpoint);
  for (let i = 0; i < 2; i++) {
    spans.end();
    await spans.flush();
  }
  assertEquals(spans.stats(), { exported: 2, failed: 0, dropped: 0, queued: 0 });
});

Deno.test("What a receiver says that it refused is counted as failed", async () => {
  // partial_success { rejected_spans: 3, error_message: "no" }
  const partial = new Uint8Array([0x0a, 0x06, 0x08, 0x03, 0x12, 0x02, 0x6e, 0x6f]);
  await using receiver = await OtlpReceiver.start(() => new Response(partial));
  await using spans = spansTo(receiver.endpoint);
  spans.end(5);
  await spans.flush();
  assertEquals(spans.stats(), { exported: 2, failed: 3, dropped: 0, queued: 0 });
  assertEquals(spans.lines, [
    `busbar: Cannot export 3 spans to ${receiver.endpoint}/v1/traces, 3 in all: the receiver ` +
    "rejected 3 items: no",
  ]);
});

Deno.test("A connection that breaks in the middle of an answer counts as its status says", async () => {
  const statuses = ["200 OK", "400 Bad Request"];
  await using server = await serveBytes((n) =>
    `HTTP/1.1 ${statuses[n]}\r\ncontent-length: 100\r\n\r\nnot a hundred`
  );
  await using spans = spansTo(server.origin, 500);
  for (let i = 0; i < 2; i++) {
    spans.end();
    await spans.flush();
  }
  assertEquals(spans.stats(), { exported: 1, failed: 1, dropped: 0, queued: 0 });
});

Deno.test("A timeout longer than timers can be is none", async () => {
  await using receiver = await OtlpReceiver.start();
  await using spans = spansTo(receiver.endpoint, Infinity, {
    exportTimeoutMs: Infinity,
    scheduleDelayMs: Infinity,
  });
  spans.end();
  await spans.flush();
  assertEquals(spans.stats(), { exported: 1, failed: 0, dropped: 0, queued: 0 });
  assertEquals(spans.lines, []);
});

Deno.test("What cannot be a target is refused", () => {
  assertThrows(() => createOtlpExporters({ endpoint: "localhost:4318" }), TypeError, "endpoint");
  assertThrows(() => createOtlpExporters({ timeoutMs: 0 }), RangeError, "timeoutMs");
  const protocol = "grpc" as "http/json";
  assertThrows(() => createOtlpExporters({ protocol }), TypeError, "protocol");
  const compression = "br" as "gzip";
  assertThrows(() => createOtlpExporters({ compression }), TypeError, "compression");
  const misspelt = { endpoints: "http://127.0.0.1" } as object;
  assertThrows(() => createOtlpExporters(misspelt), TypeError, `did you mean "endpoint"?`);
  const traces = { url: "http://127.0.0.1/v1/traces" } as object;
  assertThrows(() => createOtlpExporters({ traces }), TypeError, `option of traces "url"`);
  const secrets = [
    { endpoint: "http://user:hunter2@127.0.0.1" },
    { endpoint: "http://:hunter2@127.0.0.1" },
    { endpoint: "http://hunter2@127.0.0.1" },
    { headers: { authorization: "hunter2\u{1f600}" } },
  ];
  for (const options of secrets) {
    const { message } = assertThrows(() => createOtlpExporters(options), TypeError);
    assertEquals(message.includes("hunter2"), false, message);
  }
});
