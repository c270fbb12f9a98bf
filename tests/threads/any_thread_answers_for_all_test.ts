import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async";
import { declare } from "@busbar/busbar/catalog";
import {
  ConfigurationError,
  type Observability,
  startObservability,
  type StartOptions,
} from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { type ShopEvents as Events, shopOf } from "../support/shop_of_threads.ts";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

const { catalog, counter, gauge } = declare<Events>();
let temperature = 20;
const shop = shopOf({ read: () => temperature++ });

let services = 0;
/** A name that no other test has: threads of one name answer for each other. */
const nextService = () => `threads-test-${services++}`;

/** Two of these are two threads, as far as they can tell. */
function start(
  serviceName: string,
  options: StartOptions<Events> = {},
): Promise<Observability<Events>> {
  return startObservability<Events>({
    catalog: shop,
    serviceName,
    threads: true,
    prometheus: { enabled: false },
    runtimeMetrics: false,
    env: () => undefined,
    logger: new MemoryLogger(),
    ...options,
  });
}

/** The lines of a scrape that begin with one of these. */
function lines(scrape: string, ...names: string[]): string[] {
  return scrape.split("\n").filter((line) => names.some((name) => line.startsWith(name)));
}

/** Scrapes until all these are in it: threads find each other in a while. */
async function scrapeUntil(obs: Observability<Events>, ...texts: string[]): Promise<string> {
  for (;;) {
    const scrape = await obs.scrape();
    if (texts.every((text) => scrape.includes(text))) return scrape;
    await delay(10);
  }
}

async function hit(obs: Observability<Events>, times: number, route = "/"): Promise<void> {
  for (let i = 0; i < times; i++) obs.bus.publish("hit", { route, ms: 5 });
  obs.bus.publish("open", { by: 1 });
  await obs.flush();
}

Deno.test("each thread tells what all have counted, also what those have that have ended", async () => {
  const service = nextService();
  const a = await start(service, { threads: { name: "a" } });
  await using b = await start(service, { threads: { name: "b" } });
  await hit(a, 2);
  await hit(b, 3);
  await hit(b, 1, "/other");
  const targets = new Set<string>();
  for (const one of [a, b]) {
    await scrapeUntil(one, 'hits_total{route="/"} 5');
    const scrape = await scrapeUntil(
      one,
      'temperature{thread_name="a"}',
      'temperature{thread_name="b"}',
    );
    assertEquals(lines(scrape, "hits_total", "open ", "took_count", "took_sum"), [
      'hits_total{route="/"} 5',
      'hits_total{route="/other"} 1',
      "open 3",
      "took_sum 30",
      "took_count 6",
    ]);
    assertEquals(lines(scrape, "temperature").map((line) => line.split(" ")[0]).sort(), [
      'temperature{thread_name="a"}',
      'temperature{thread_name="b"}',
    ]);
    assert(scrape.includes('busbar_threads{state="alive"} 2\n'), scrape);
    targets.add(lines(scrape, "target_info")[0] ?? "");
    assert(scrape.includes("busbar_event_bus_published_events_total 9\n"), scrape);
    assert(scrape.includes("busbar_event_bus_delivered_events_total 9\n"), scrape);
  }
  assertEquals(targets.size, 1, "they are one instance");
  await a.shutdown();
  const scrape = await scrapeUntil(b, 'busbar_threads{state="dead"} 1');
  assertEquals(lines(scrape, "hits_total", "open ", "took_count", "busbar_event_bus_delivered"), [
    "busbar_event_bus_delivered_events_total 9",
    'hits_total{route="/"} 5',
    'hits_total{route="/other"} 1',
    "open 2",
    "took_count 6",
  ]);
  assert(scrape.includes('busbar_event_bus_lost_events_total{reason="thread_lost"} 0\n'), scrape);
});

Deno.test("gauges are combined as they are declared", async () => {
  const service = nextService();
  let value = 1;
  const gauges = (add: number) =>
    catalog({
      metrics: Object.fromEntries(
        (["sum", "max", "min", "mean", "thread"] as const).map((combine) => [
          `as.${combine}`,
          gauge({ read: () => value + add, combine }),
        ]),
      ),
    });
  await using a = await start(service, { catalog: gauges(0), threads: { name: "a" } });
  await using _ = await start(service, { catalog: gauges(10), threads: { name: "b" } });
  value = 2;
  const scrape = await scrapeUntil(a, 'as_thread{thread_name="b"} 12');
  assertEquals(lines(scrape, "as_"), [
    "as_max 12",
    "as_mean 7",
    "as_min 2",
    "as_sum 14",
    'as_thread{thread_name="a"} 2',
    'as_thread{thread_name="b"} 12',
  ]);
});

Deno.test("threads of another service, or with other metrics, are not summed", async () => {
  const service = nextService();
  const { metrics } = catalog({ metrics: { "other": counter("hit") } });
  const logger = new MemoryLogger();
  await using a = await start(service, { logger });
  await using b = await start(service, { catalog: catalog({ metrics: metrics ?? {} }) });
  await using c = await start(nextService());
  for (const one of [a, b, c]) await hit(one, 1);
  const scrape = await scrapeUntil(a, 'busbar_threads{state="other_catalog"} 1');
  assert(scrape.includes('hits_total{route="/"} 1\n'), scrape);
  assert(!scrape.includes("other_total"), scrape);
  await a.scrape();
  assertEquals(logger.lines.filter((line) => line.includes("has a catalog with other")).length, 1);
});

Deno.test("what all have counted is pushed by one of them, and by the next when it has ended", async () => {
  await using receiver = await OtlpReceiver.start();
  const service = nextService();
  const options = { otlp: { endpoint: receiver.endpoint }, loggingEnabled: false };
  const a = await start(service, options);
  await using b = await start(service, options);
  await hit(a, 2);
  await hit(b, 3);
  for (const one of [a, b]) await scrapeUntil(one, 'hits_total{route="/"} 5');
  const pushed = () => {
    const bodies = JSON.stringify(receiver.received.splice(0).map(({ body }) => body));
    return [...bodies.matchAll(/"name":"hits".*?"asDouble":(\d+)/g)].map(([, value]) =>
      Number(value)
    );
  };
  /** Of which instance the hits are. */
  const instance = () => {
    const body = receiver.received.map(({ body }) => JSON.stringify(body))
      .find((body) => body.includes('"name":"hits"'));
    return /"service.instance.id","value":\{"string":"([^"]*)"/.exec(body ?? "")?.[1];
  };
  pushed();
  await a.flush();
  await b.flush();
  const first = instance();
  assert(first !== undefined);
  assertEquals(pushed(), [5]);
  await hit(a, 1);
  await a.shutdown();
  pushed();
  await b.flush();
  assertEquals(instance(), first);
  assertEquals(pushed(), [6]);
});

Deno.test("what a thread counts last is pushed, though another that ends as well has pushed already", async () => {
  const held: (() => void)[] = [];
  let holds = false;
  await using receiver = await OtlpReceiver.start(() =>
    new Promise((resolve) => {
      const answer = () => resolve(new Response());
      if (holds) held.push(answer);
      else answer();
    })
  );
  const service = nextService();
  const options = { otlp: { endpoint: receiver.endpoint }, loggingEnabled: false };
  const [a, b] = [await start(service, options), await start(service, options)];
  await hit(a, 1);
  await scrapeUntil(b, 'hits_total{route="/"} 1');
  await a.flush();
  holds = true;
  const ended = a.shutdown();
  while (held.length === 0) await delay(5);
  holds = false;
  // It has pushed what there was.
  for (let i = 0; i < 3; i++) b.bus.publish("hit", { route: "/", ms: 5 });
  const endedToo = b.shutdown();
  held.forEach((answer) => answer());
  await Promise.all([ended, endedToo]);
  const bodies = JSON.stringify(receiver.received.map(({ body }) => body));
  const pushed = [...bodies.matchAll(/"name":"hits".*?"asDouble":(\d+)/g)];
  assertEquals(pushed.at(-1)?.[1], "4");
});

Deno.test("what cannot be is said by name", async () => {
  // deno-lint-ignore no-explicit-any -- as untyped code may
  const wrong = (threads: any) => start(nextService(), { threads });
  await assertRejects(
    () => wrong("all"),
    TypeError,
    'threads must be true, false or an object, received "all"',
  );
  await assertRejects(
    () => wrong({ nane: "a" }),
    TypeError,
    'there is no option of threads: "nane"',
  );
  await assertRejects(() => wrong({ name: "" }), TypeError, "threads.name must be a text");
  await assertRejects(
    () => wrong({ metricsWorker: "./metrics.ts" }),
    TypeError,
    'threads.metricsWorker must be a URL, received "./metrics.ts"',
  );
  await assertRejects(
    () =>
      start(nextService(), {
        threads: { metricsWorker: new URL("./metrics.ts", import.meta.url) },
        prometheus: { port: 0 },
      }),
    ConfigurationError,
    "threads.metricsWorker: must be absent where the thread itself opens a port",
  );
  const { metrics: forgetful = {} } = catalog({
    metrics: { "kept": counter("hit"), "forgotten": counter("hit", { maxIdleMs: 60_000 }) },
  });
  await assertRejects(
    () => start(nextService(), { catalog: { metrics: forgetful } }),
    ConfigurationError,
    "threads: must be absent where a metric has maxIdleMs (forgotten): series stay in the memory",
  );
});

Deno.test("where no memory can be shared that is said, and each thread answers for itself", async () => {
  const { SharedArrayBuffer: Shared } = globalThis;
  const logger = new MemoryLogger();
  try {
    // deno-lint-ignore no-explicit-any -- as in a page that is not isolated
    delete (globalThis as any).SharedArrayBuffer;
    await using a = await start(nextService(), { logger });
    await hit(a, 1);
    const scrape = await a.scrape();
    assert(scrape.includes('hits_total{route="/"} 1\n'), scrape);
  } finally {
    globalThis.SharedArrayBuffer = Shared;
  }
  const told = logger.lines.filter((line) => line.includes("no SharedArrayBuffer"));
  assertEquals(told.length, 1, logger.lines.join("\n"));
});

Deno.test("a bus that goes on after the end publishes as before", async () => {
  await using a = await start(nextService());
  const { bus } = a;
  await a.shutdown();
  assert(!Object.hasOwn(bus, "publish"));
});
