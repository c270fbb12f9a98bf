import { assertEquals } from "@std/assert";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { type Tracer, TracingSubscriber } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import type { TestEvents } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();

/** A tracer whose spans keep every attribute that is set, as Deno's do. */
function keepingTracer() {
  const set: [name: string, value: unknown][] = [];
  const real = new TracerProvider().getTracer("test");
  const tracer = {
    startSpan(...args: Parameters<Tracer["startSpan"]>) {
      const span = real.startSpan(...args);
      const keep = (attributes: object) => {
        set.push(...Object.entries(attributes));
        return span;
      };
      keep(args[1]?.attributes ?? {});
      span.setAttribute = (name, value) => keep({ [name]: value });
      span.setAttributes = keep;
      return span;
    },
  };
  return { set, tracer: tracer as Tracer };
}

Deno.test("A span that keeps every attribute that is set gets each once, with its last value", async () => {
  const { set, tracer } = keepingTracer();
  const tracing = new TracingSubscriber<TestEvents>({
    tracer,
    spans: { read: span("read.start", "read.end") },
    deferAttributes: true,
    sessionIdAttribute: "session.id",
    logger: new MemoryLogger(),
  });
  const bus = new EventBus<TestEvents>().start();
  bus.registerSubscriber(tracing);
  bus.publish("read.start", { key: "a", state: "open" }, { sessionId: "s" });
  bus.publish("read.end", { key: "a", state: "done" }, { sessionId: "s" });
  bus.publish("read.start", { key: "b" }, { sessionId: "t" });
  await bus.stop();
  assertEquals(set, [
    ["key", "a"],
    ["state", "done"],
    ["session.id", "s"],
    ["busbar.expired", true],
    ["key", "b"],
    ["session.id", "t"],
  ]);
});
