import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { currentTrace, operation } from "@busbar/busbar/context";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

interface JobEvents {
  "job.start": { from: string[] };
  "job.end": undefined;
  "job.step": { n: number };
}
const { catalog, span } = declare<JobEvents>();
const jobs = catalog({
  spans: {
    job: span("job.start", "job.end", {
      events: "job.step",
      links: (event) => event.type === "job.start" ? event.metadata.from : [],
    }),
  },
});
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const FROM = ["1", "2", "3"].map((id) => `00-${TRACE_ID}-${id.padStart(16, "0")}-01`);
const JOB = ["job.start", "job.end"] as const;

/** The span of a job with five events and three links, as it is pushed. */
async function pushed(protocol: string, variables: Record<string, string> = {}) {
  await using receiver = await OtlpReceiver.start();
  const env: Record<string, string> = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    ...variables,
  };
  const obs = await startObservability({
    catalog: jobs,
    tracingEnabled: true,
    env: (name) => env[name],
    logger: new MemoryLogger(),
  });
  operation(obs.bus, JOB, { from: FROM }, (op) => {
    for (let n = 0; n < 5; n++) obs.bus.publish("job.step", { n }, op);
    return op.end();
  });
  await obs.shutdown();
  const { body } = receiver.received.find(({ path }) => path === "/v1/traces")!;
  const { events, links, droppedEventsCount = 0, droppedLinksCount = 0 } =
    body.resourceSpans[0].scopeSpans[0].spans[0];
  return {
    events: events.map((
      event: { name: string; attributes: [{ value: { intValue?: number } }] },
    ) => [
      event.name,
      Object.values(event.attributes[0].value)[0],
    ]),
    links: links.map(({ spanId }: { spanId: string }) => Number(spanId)),
    dropped: [droppedEventsCount, droppedLinksCount],
  };
}

const step = (n: number) => ["job.step", n];

Deno.test("A span's events and links are pushed, in both formats", async () => {
  for (const protocol of ["http/protobuf", "http/json"]) {
    assertEquals(await pushed(protocol), {
      events: [0, 1, 2, 3, 4].map(step),
      links: [1, 2, 3],
      dropped: [0, 0],
    });
  }
});

Deno.test("OpenTelemetry's limits bound them, and what is dropped is counted", async () => {
  const limits = { OTEL_SPAN_EVENT_COUNT_LIMIT: "2", OTEL_SPAN_LINK_COUNT_LIMIT: "1" };
  for (const protocol of ["http/protobuf", "http/json"]) {
    assertEquals(await pushed(protocol, limits), {
      events: [3, 4].map(step),
      links: [3],
      dropped: [3, 2],
    });
  }
});

Deno.test("The handle says which span an operation has, from its beginning to its end", async () => {
  await using receiver = await OtlpReceiver.start();
  await using obs = await startObservability({
    catalog: jobs,
    tracingEnabled: true,
    otlp: { endpoint: receiver.endpoint },
    env: () => undefined,
    logger: new MemoryLogger(),
  });
  const [sessionId, operationId] = await operation(obs.bus, JOB, { from: [] }, async (op) => {
    const ids = [op.sessionId, op.operationId] as const;
    const idOf = () => obs.spanContext(...ids)?.spanId;
    const known = currentTrace(op)?.traceparent.slice(36, 52);
    assertEquals([idOf(), obs.spanContext(op.sessionId)], [known, undefined]);
    await obs.bus.flush();
    assertEquals([idOf(), obs.spanContext(op.sessionId)?.spanId], [known, known]);
    return op.end(undefined, ids);
  });
  await obs.bus.flush();
  assertEquals(obs.spanContext(sessionId, operationId), undefined);
});

Deno.test("Without spans there is none to tell", async () => {
  const logger = new MemoryLogger();
  for (const enabled of [true, false]) {
    await using obs = await startObservability({
      catalog: jobs,
      enabled,
      server: false,
      env: () => undefined,
      logger,
    });
    obs.bus.publish("job.start", { from: [] }, { sessionId: "s" });
    await obs.bus.flush();
    assertEquals(obs.spanContext("s"), undefined);
  }
});
