import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import {
  type Observability,
  startObservability,
  type StartOptions,
} from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver } from "../support/otlp_receiver.ts";
import { type ShopEvents as Events, shopOf } from "../support/shop_of_threads.ts";
import { DeltaSums } from "../support/delta_sums.ts";

const shop = shopOf({ read: () => 20, combine: "max" });

let services = 0;
const nextService = () => `threads-delta-test-${services++}`;

/** Two of these are two threads, as far as they can tell. */
function start(
  serviceName: string,
  { endpoint }: OtlpReceiver,
  options: StartOptions<Events> = {},
): Promise<Observability<Events>> {
  return startObservability<Events>({
    catalog: shop,
    serviceName,
    threads: true,
    prometheus: { enabled: false },
    runtimeMetrics: false,
    loggingEnabled: false,
    env: () => undefined,
    logger: new MemoryLogger(),
    otlp: { endpoint, metrics: { temporalityPreference: "delta" } },
    ...options,
  });
}

async function hit(obs: Observability<Events>, times: number, route = "/"): Promise<void> {
  for (let i = 0; i < times; i++) obs.bus.publish("hit", { route, ms: 5 });
  obs.bus.publish("open", { by: 1 });
  await obs.bus.flush();
}

/** Waits until as many threads know each other. */
async function meet(...threads: Observability<Events>[]): Promise<void> {
  const met = `busbar_threads{state="alive"} ${threads.length}\n`;
  for (const one of threads) {
    while (!(await one.scrape()).includes(met)) await delay(10);
  }
}

Deno.test("each delta of all threads is pushed once, by whichever pushes", async () => {
  await using receiver = await OtlpReceiver.start();
  const sums = new DeltaSums(receiver);
  const service = nextService();
  const a = await start(service, receiver);
  await using b = await start(service, receiver);
  // They may not know each other yet: then each pushes its own.
  await hit(a, 2);
  await hit(b, 3);
  await Promise.all([a.flush(), b.flush()]);
  await meet(a, b);
  await a.flush();
  await b.flush();
  assertEquals(sums.of("hits"), { "/": 5 });
  await hit(a, 1);
  await hit(b, 10, "/other");
  await a.flush();
  await b.flush();
  assertEquals(sums.of("hits"), { "/": 6, "/other": 10 });
  await hit(a, 100);
  await a.shutdown();
  await hit(b, 1_000);
  await b.flush();
  assertEquals(sums.of("hits"), { "/": 1_106, "/other": 10 });
  assertEquals(sums.of("took"), { "": 1_116 });
  assertEquals(sums.of("busbar.event_bus.delivered_events"), { "": 1_116 + 6 });
  // It was known from the first push on, so that it is never sent again unchanged.
  assertEquals(sums.pointsOf("busbar.event_bus.lost_events").filter(({ value }) => value > 0), []);
});

Deno.test("deltas follow each other without a gap, whichever thread pushes; other values are as they are", async () => {
  await using receiver = await OtlpReceiver.start();
  const sums = new DeltaSums(receiver);
  const service = nextService();
  const a = await start(service, receiver);
  const b = await start(service, receiver);
  await meet(a, b);
  for (let i = 0; i < 3; i++) {
    await hit(a, 1);
    await a.flush();
    await b.flush();
  }
  await a.shutdown();
  await hit(b, 1);
  await b.shutdown();
  const points = sums.pointsOf("hits");
  assertEquals(points.map(({ value }) => value), [1, 1, 1, 1]);
  sums.assertContiguous();
  assertEquals(new Set(sums.temporalities("hits")), new Set(["delta"]));
  assertEquals(new Set(sums.temporalities("took")), new Set(["delta"]));
  assertEquals(new Set(sums.temporalities("open")), new Set(["cumulative"]));
  assertEquals(sums.pointsOf("open").at(-1)?.value, 1, "the other one's have left");
  assert(sums.pointsOf("took").every(({ hasExtremes }) => !hasExtremes));
  assert(sums.pointsOf("temperature").length >= 4);
  assertEquals(sums.instances().length, 1);
});

for (const temporalityPreference of ["cumulative", "delta"] as const) {
  Deno.test(`what is of the process is pushed by one thread: ${temporalityPreference}`, async () => {
    await using receiver = await OtlpReceiver.start();
    const sums = new DeltaSums(receiver);
    const service = nextService();
    const options = {
      runtimeMetrics: true,
      otlp: { endpoint: receiver.endpoint, metrics: { temporalityPreference } },
    };
    const a = await start(service, receiver, options);
    await using b = await start(service, receiver, options);
    await meet(a, b);
    for (let i = 1; i <= 2; i++) {
      await a.flush();
      await b.flush();
      assertEquals(sums.pointsOf("process.uptime").length, i);
    }
    assertEquals(sums.instances().length, 1);
    await a.shutdown();
    const before = sums.pointsOf("process.uptime").length;
    await b.flush();
    assertEquals(sums.pointsOf("process.uptime").length, before + 1);
    assertEquals(sums.instances().length, 1);
  });
}

Deno.test("by lowmemory, counters that are read are pushed as totals", async () => {
  await using receiver = await OtlpReceiver.start();
  const sums = new DeltaSums(receiver);
  await using a = await start(nextService(), receiver, {
    otlp: { endpoint: receiver.endpoint, metrics: { temporalityPreference: "lowmemory" } },
  });
  for (let i = 0; i < 2; i++) {
    await hit(a, 1);
    await a.flush();
  }
  assertEquals(sums.pointsOf("hits").map(({ value }) => value), [1, 1]);
  const delivered = "busbar.event_bus.delivered_events";
  assertEquals(sums.pointsOf(delivered).map(({ value }) => value), [2, 4]);
  assertEquals(sums.temporalities(delivered), ["cumulative", "cumulative"]);
  const exported = "busbar.export.exported_items";
  assertEquals(new Set(sums.temporalities(exported)), new Set(["cumulative"]));
});

Deno.test("what a receiver refuses comes with the next push, from another thread as well", async () => {
  let status = 200;
  const answers: number[] = [];
  await using receiver = await OtlpReceiver.start((n) =>
    new Response(null, { status: answers[n] = status })
  );
  const sums = new DeltaSums(receiver, (n) => answers[n] === 200);
  const service = nextService();
  const a = await start(service, receiver);
  await using b = await start(service, receiver);
  await hit(a, 1);
  await a.flush();
  await meet(a, b);
  assertEquals(sums.of("hits"), { "/": 1 });
  status = 400;
  await hit(a, 2);
  await a.flush();
  await b.flush();
  assertEquals(sums.of("hits"), { "/": 1 });
  await a.shutdown();
  status = 200;
  await hit(b, 4);
  await b.flush();
  assertEquals(sums.of("hits"), { "/": 7 });
});

Deno.test("a push that is tried again, or takes several requests, holds each delta once", async () => {
  const statuses = [503, 200];
  const answers: number[] = [];
  await using receiver = await OtlpReceiver.start((n) =>
    new Response(null, {
      status: answers[n] = statuses[n] ?? 200,
      headers: { "retry-after": "0" },
    })
  );
  const sums = new DeltaSums(receiver, (n) => answers[n] === 200);
  const { endpoint } = receiver;
  await using a = await start(nextService(), receiver, {
    otlp: { endpoint, metrics: { temporalityPreference: "delta", maxExportBatchSize: 3 } },
  });
  for (let i = 1; i <= 2; i++) {
    for (let route = 0; route < 10; route++) await hit(a, 1, `/${route}`);
    await a.flush();
    const expected = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`/${at}`, i]));
    assertEquals(sums.of("hits"), expected);
  }
  assert(receiver.received.length > 6);
});

Deno.test("a thread whose last push fails says that deltas are lost only if no other pushes them", async () => {
  const isLost = (logger: MemoryLogger) =>
    logger.lines.some((line) => line.includes("they are lost"));
  await using receiver = await OtlpReceiver.start(() => new Response(null, { status: 400 }));
  const service = nextService();
  const [first, last] = [new MemoryLogger(), new MemoryLogger()];
  const a = await start(service, receiver, { logger: first });
  const b = await start(service, receiver, { logger: last });
  // It tells what all have counted, but pushes nothing.
  await using reader = await start(service, receiver, { otlp: {} });
  await hit(a, 1);
  await a.flush();
  await meet(a, b, reader);
  await a.shutdown();
  assert(!isLost(first), first.lines.join("\n"));
  await b.shutdown();
  assert(isLost(last), last.lines.join("\n"));
});
