import { assertEquals, assertThrows } from "@std/assert";
import { SamplingDecision } from "@opentelemetry/sdk-trace";
import { declare } from "@busbar/busbar/catalog";
import { type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();
type Named = Parameters<typeof span>[2];

const request = (name: NonNullable<Named>["name"]) => ({
  request: span("request.start", "request.end", { name }),
});
const byMetadata = request(({ metadata }) => metadata?.["name"] as string | undefined);

Deno.test("a span has the name that its events give it, the end's last", async () => {
  const traced = tracedBus(byMetadata);
  const pairs: [start: string | undefined, end: string | undefined][] = [
    ["GET", "GET /items/:id"],
    ["GET", undefined],
    [undefined, "GET /items/:id"],
    [undefined, undefined],
  ];
  for (const [start, end] of pairs) {
    traced.publish("request.start", 0, { name: start });
    traced.publish("request.end", 1, { name: end });
  }
  const names = (await traced.stop()).map(({ name }) => name);
  assertEquals(names, ["GET /items/:id", "GET", "GET /items/:id", "request"]);
});

Deno.test("what is no name leaves the one that is declared, and a long one is cut", async () => {
  for (const wrong of ["", 7, null, {}]) {
    const traced = tracedBus(request(() => wrong as string));
    traced.publish("request.start", 0);
    traced.publish("request.end", 1);
    assertEquals((await traced.stop()).map(({ name }) => name), ["request"]);
  }
  const traced = tracedBus(request(() => "x".repeat(1_000)));
  traced.publish("request.start", 0);
  traced.publish("request.end", 1);
  assertEquals((await traced.stop())[0]?.name, `${"x".repeat(200)}… (800 more)`);
});

Deno.test("a name that throws is counted, and the span lacks nothing else", async () => {
  const traced = tracedBus({
    request: span("request.start", "request.end", {
      name: () => {
        throw new Error("no name");
      },
      attributes: ({ type }) => ({ [type]: true }),
      error: () => "failed",
    }),
  });
  traced.publish("request.start", 0);
  traced.publish("request.end", 1);
  const [only] = await traced.stop();
  assertEquals([only?.name, only?.attributes, only?.status.message], ["request", {
    "request.start": true,
    "request.end": true,
  }, "failed"]);
  assertEquals(traced.bus.subscriberExceptionCounts(), { TracingSubscriber: 2 });
});

Deno.test("a sampler sees the name of the start", async () => {
  const seen: string[] = [];
  const traced = tracedBus(byMetadata, {
    sampler: {
      shouldSample(_context, _traceId, name) {
        seen.push(name);
        return { decision: SamplingDecision.RECORD_AND_SAMPLED };
      },
    },
  });
  traced.publish("request.start", 0, { name: "GET" });
  traced.publish("request.end", 1, { name: "GET /" });
  await traced.stop();
  assertEquals(seen, ["GET"]);
});

Deno.test("what is no function is refused", () => {
  assertThrows(() => request("GET" as never), TypeError, "name must be a function");
});
