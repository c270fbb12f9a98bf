import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { INVALID_SPAN_CONTEXT, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { EventBus, EventSubscriber, type Subscriptions } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { createMetricProducer, PrometheusMetrics } from "@busbar/busbar/otel";
import { type LogRecord, subscribeCatalog, type TracerLike } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { ONE_SLICE_MS } from "../support/quiet_bus.ts";
import { spiedSignal } from "../support/spied_signal.ts";

interface JobEvents {
  "job.start": { id: number };
  "job.end": { id: number };
}

const { catalog, counter, duration, span } = declare<JobEvents>();
const jobs = catalog({
  metrics: { "jobs": counter("job.end"), "job.time": duration("job.start", "job.end") },
  spans: { job: span("job.start", "job.end") },
  logs: { "job.end": { level: "info" } },
});

function quiet(options: { enabled?: boolean } = {}) {
  const logger = new MemoryLogger();
  return {
    logger,
    bus: new EventBus<JobEvents>({ ...options, logger, drainBudgetMs: ONE_SLICE_MS }).start(),
  };
}

function publishJob(bus: EventBus<JobEvents>): void {
  bus.publish("job.start", { id: 1 }, { sessionId: "s" });
  bus.publish("job.end", { id: 1 }, { sessionId: "s" });
}

class Ending extends EventSubscriber<JobEvents> {
  override readonly name = "Ending";
  ended = 0;
  constructor(readonly end: () => void | Promise<void> = () => {}) {
    super();
  }
  getSubscriptions(): Subscriptions<JobEvents> {
    return {};
  }
  override shutdown(): void | Promise<void> {
    this.ended++;
    return this.end();
  }
}

Deno.test("one call gives metrics, spans and log records, which refer to their span", async () => {
  const { bus, logger } = quiet();
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const records: LogRecord[] = [];
  const subscription = subscribeCatalog(bus, jobs, {
    collect: true,
    tracer: provider.getTracer("test"),
    sink: (record) => void records.push(record),
    logger,
  });
  publishJob(bus);
  await bus.stop();
  assertEquals(subscription.collect().map(({ name }) => name), ["jobs", "job.time"]);
  const [made] = exporter.getFinishedSpans();
  assertEquals(made?.name, "job");
  assertEquals(records.map(({ spanId }) => spanId), [
    made?.spanContext().spanId,
  ]);
  await provider.shutdown();
});

Deno.test("what a meter records and what is collected are the same numbers", async () => {
  const scrapeOf = async (collect: boolean) => {
    const { bus, logger } = quiet();
    let read = () => [] as ReturnType<ReturnType<typeof subscribeCatalog>["collect"]>;
    const metrics = new PrometheusMetrics({
      scopeName: "test",
      metricProducers: [createMetricProducer({ collect: () => read(), scopeName: "test" })],
    });
    const subscription = subscribeCatalog(bus, jobs, { meter: metrics.meter, collect, logger });
    read = () => subscription.collect();
    publishJob(bus);
    await bus.flush();
    const text = await metrics.scrape();
    await bus.stop();
    await metrics[Symbol.asyncDispose]();
    return text.split("\n").filter((line) => /^jobs?_/.test(line) && !line.includes("sum"))
      .map((line) => line.replace(/\{.*le=/, "{le=").replace(/\{otel_scope[^}]*\}/, ""));
  };
  const recorded = await scrapeOf(false);
  assert(recorded.includes("jobs_total 1"), recorded.join("\n"));
  assertEquals(
    recorded.filter((line) => line.includes("_count") || line.includes("jobs_total")),
    (await scrapeOf(true)).filter((line) => line.includes("_count") || line.includes("jobs_total")),
  );
});

Deno.test("disposing it, or its signal, ends it; the bus goes on", async () => {
  for (const end of ["dispose", "signal"] as const) {
    const { bus, logger } = quiet();
    const controller = new AbortController();
    const subscription = subscribeCatalog(bus, jobs, {
      collect: true,
      signal: controller.signal,
      logger,
    });
    publishJob(bus);
    await bus.flush();
    if (end === "dispose") subscription[Symbol.dispose]();
    else controller.abort();
    assertEquals(bus.hasSubscribers("job.end"), false, end);
    publishJob(bus);
    await bus.flush();
    const [counted] = subscription.collect();
    assertEquals(counted?.kind === "counter" && counted.points[0]?.value, 1, end);
    await bus.stop();
  }
});

Deno.test("shutdown ends every subscriber, also when one fails, and says which failed", async () => {
  const { bus, logger } = quiet();
  const [good, bad] = [
    new Ending(),
    new Ending(() => {
      throw new Error("no disk");
    }),
  ];
  const subscription = subscribeCatalog(bus, {}, { subscribers: [bad, good], logger });
  await assertRejects(() => subscription.shutdown(), Error, "no disk");
  await assertRejects(() => subscription.shutdown(), Error, "no disk");
  assertEquals([good.ended, bad.ended], [1, 1]);
  await bus.stop();
});

Deno.test("shutdown waits no longer than it may", async () => {
  const controller = new AbortController();
  const aborted = { timeoutMs: Infinity, signal: AbortSignal.abort() };
  for (const deadline of [{ timeoutMs: 1 }, { signal: controller.signal }, aborted]) {
    const { bus, logger } = quiet();
    const hanging = new Ending(() => new Promise(() => {}));
    const subscription = subscribeCatalog(bus, {}, { subscribers: [hanging], logger });
    const ended = subscription.shutdown(deadline);
    controller.abort();
    assertEquals([await ended, hanging.ended], [false, 1]);
    await bus.stop();
  }
});

Deno.test("several that fail are thrown together; a time that is none ends nothing", async () => {
  const { bus, logger } = quiet();
  const failing = (message: string) => new Ending(() => Promise.reject(new Error(message)));
  const subscribers = [failing("no disk"), failing("no route")];
  const subscription = subscribeCatalog(bus, jobs, { collect: true, subscribers, logger });
  await assertRejects(() => subscription.shutdown({ timeoutMs: -1 }), RangeError, "timeoutMs");
  assertEquals(subscribers.map(({ ended }) => ended), [0, 0]);
  publishJob(bus);
  await bus.flush();
  const [counted] = subscription.collect();
  assertEquals(counted?.kind === "counter" && counted.points[0]?.value, 1);
  const error = await assertRejects(() => subscription.shutdown(), AggregateError);
  assertEquals(error.errors.map(({ message }) => message), ["no disk", "no route"]);
  await bus.stop();
});

Deno.test("to dispose of a subscription shuts no subscriber down, and leaves its signal alone", async () => {
  const { bus, logger } = quiet();
  const { signal, listeners } = spiedSignal();
  const subscriber = new Ending();
  const subscription = subscribeCatalog(bus, jobs, {
    collect: true,
    subscribers: [subscriber],
    signal,
    logger,
  });
  assertEquals(listeners(), 1);
  subscription[Symbol.dispose]();
  assertEquals([listeners(), subscriber.ended], [0, 0]);
  await bus.stop();
});

Deno.test("a shutdown unregisters all of it, the bus's own metrics too", async () => {
  for (const end of ["shutdown", "dispose"] as const) {
    const { bus, logger } = quiet();
    await using metrics = new PrometheusMetrics();
    const subscription = subscribeCatalog(bus, jobs, { meter: metrics.meter, logger });
    publishJob(bus);
    await bus.flush();
    const published = async () =>
      /^busbar_event_bus_published_events_total (\d+)$/m.exec(await metrics.scrape())?.[1];
    assertEquals(await published(), "2");
    if (end === "shutdown") assertEquals(await subscription.shutdown(), true);
    else subscription[Symbol.dispose]();
    assertEquals(bus.hasSubscribers("job.end"), false);
    publishJob(bus);
    await bus.flush();
    assertEquals(await published(), "2");
    await bus.stop();
  }
});

Deno.test("where attributes are deferred, a span starts without any", async () => {
  for (const deferAttributes of [undefined, true]) {
    const { bus, logger } = quiet();
    const atStart: unknown[] = [];
    const tracer: TracerLike = {
      startSpan: (_name, options = {}) => {
        atStart.push({ ...options.attributes });
        return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
      },
    };
    using _subscription = subscribeCatalog(bus, jobs, { tracer, deferAttributes, logger });
    publishJob(bus);
    await bus.stop();
    assertEquals(atStart, [deferAttributes ? {} : { "id": 1 }]);
  }
});

Deno.test("if one subscriber is refused, none stays registered", async () => {
  const { bus, logger } = quiet();
  class Refused extends Ending {
    override getSubscriptions(): Subscriptions<JobEvents> {
      throw new Error("not today");
    }
  }
  assertThrows(
    () => subscribeCatalog(bus, jobs, { collect: true, subscribers: [new Refused()], logger }),
    Error,
    "not today",
  );
  assertEquals(bus.hasSubscribers("job.end"), false);
  await bus.stop();
});

Deno.test("a disabled bus and an aborted signal register nothing", async () => {
  const disabled = quiet({ enabled: false });
  const enabled = quiet();
  for (
    const [bus, signal] of [
      [disabled.bus, undefined],
      [enabled.bus, AbortSignal.abort()],
    ] as const
  ) {
    const subscription = subscribeCatalog(bus, jobs, { collect: true, signal });
    assertEquals(subscription.collect(), []);
    assertEquals(bus.hasSubscribers("job.end"), false);
    await subscription.shutdown();
    await bus.stop();
  }
});

Deno.test("options that cannot be obeyed are refused by name", async () => {
  const { bus } = quiet();
  // deno-lint-ignore no-explicit-any -- what the types would refuse
  const cases: [options: any, message: string][] = [
    [{}, "options must have a meter, collect, a tracer or a sink, received none"],
    [{ colect: true }, 'there is no option "colect"; did you mean "collect"?'],
    [{ collect: 1 }, "collect must be true or false, received 1"],
    [{ tracer: {} }, "tracer.startSpan must be a function, received undefined"],
  ];
  for (const [options, message] of cases) {
    const error = assertThrows(() => subscribeCatalog(bus, jobs, options), TypeError);
    assertEquals(error.message, `Cannot subscribe a catalog: ${message}`);
  }
  assertThrows(
    () => subscribeCatalog(bus, jobs, { collect: true, maxOpenPairs: 0 }),
    RangeError,
    "maxOpenPairs must be",
  );
  assertEquals(bus.hasSubscribers("job.end"), false);
  await bus.stop();
});
