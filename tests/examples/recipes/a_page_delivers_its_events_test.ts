import { assert, assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { BeaconSubscriber } from "../../../examples/recipes/browser/beacon_subscriber.ts";
import { createSite, site } from "../../../examples/recipes/browser/site.ts";
import { findChromium, openPage } from "../../support/browser.ts";
import { serve } from "../../support/loopback.ts";
import { run } from "../../support/processes.ts";

const FOLDER = new URL("../../../examples/recipes/browser/", import.meta.url);
const MAX_BATCH_BYTES = 60 * 1024;

async function startSite() {
  const obs = await startObservability({
    catalog: site,
    server: false,
    env: () => undefined,
    logger: new MemoryLogger(),
  });
  return {
    obs,
    /** The series of the pages that are not 0. */
    async series(): Promise<string[]> {
      await obs.flush();
      return (await obs.scrape()).match(/^(page|cart)_\w+(_total|_sum|_count) [1-9].*/gm)
        ?.toSorted() ?? [];
    },
  };
}

/** Stands for a browser's `sendBeacon`, which takes only so many at a time. */
function fakeBeacons(takes: number) {
  const real = Object.getOwnPropertyDescriptor(globalThis.navigator, "sendBeacon");
  const bodies: string[] = [];
  const fake = {
    bodies,
    takes,
    [Symbol.dispose]: () => {
      if (real === undefined) Reflect.deleteProperty(globalThis.navigator, "sendBeacon");
      else Object.defineProperty(globalThis.navigator, "sendBeacon", real);
    },
  };
  Object.defineProperty(globalThis.navigator, "sendBeacon", {
    configurable: true,
    value: (_url: string, body: string) => fake.takes-- > 0 && bodies.push(body) > 0,
  });
  return fake;
}

function busWithBeacons() {
  const bus = new EventBus<{ note: { text: string } }>({ logger: new MemoryLogger() });
  bus.registerSubscriber(new BeaconSubscriber("/events"));
  return bus.start();
}

const linesOf = (bodies: readonly string[]) =>
  bodies.join("").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));

const chromium = findChromium();
if (chromium === undefined) {
  // deno-lint-ignore no-console -- who runs the tests must learn what was not tested
  console.warn("The test of the browser's recipe is skipped: there is no Chromium");
}

Deno.test({
  name: "in Chromium what was published before a page is left arrives, and becomes metrics",
  ignore: chromium === undefined,
  fn: async () => {
    const { obs, series } = await startSite();
    const bundled = await run(Deno.execPath(), [
      ...["bundle", "--quiet", "--platform", "browser", new URL("page.ts", FOLDER).pathname],
    ]);
    assertEquals(bundled.code, 0, bundled.stderr);
    const arrived = Promise.withResolvers<void>();
    // Who shows the page opens the cart, and leaves.
    const visitor = `<script type="module">
      document.querySelector("#cart").click();
      location.href = "/elsewhere";
    </script>`;
    const html = await Deno.readTextFile(new URL("index.html", FOLDER));
    const handler = createSite(obs.bus, {
      html: html.replace("</html>", `${visitor}</html>`),
      script: bundled.stdout,
    });
    {
      await using server = await serve(async (request) => {
        const response = await handler(request);
        if (new URL(request.url).pathname === "/events") arrived.resolve();
        return response;
      });
      await using browser = await openPage(chromium!, server.origin);
      await Promise.race([arrived.promise, browser.crashed]);
    }
    assertEquals(
      await series(),
      [
        "cart_items_count 1",
        "cart_items_sum 2",
        "page_views_total 1",
      ].toSorted(),
    );
    await obs.shutdown();
  },
});

Deno.test("no beacon is larger than browsers take, and all lines go out", async () => {
  using beacons = fakeBeacons(Infinity);
  await using bus = busWithBeacons();
  const text = "ü".repeat(1_000); // two bytes each
  for (let i = 0; i < 80; i++) bus.publish("note", { text });
  bus.flushSync();
  const sizes = beacons.bodies.map((body) => new TextEncoder().encode(body).length);
  assert(sizes.length > 1 && sizes.every((size) => size <= MAX_BATCH_BYTES), String(sizes));
  assertEquals(linesOf(beacons.bodies).length, 80);
});

Deno.test("what a browser does not take waits for the next time", async () => {
  using beacons = fakeBeacons(1);
  await using bus = busWithBeacons();
  const publish = (count: number) => {
    for (let i = 0; i < count; i++) bus.publish("note", { text: "n".repeat(1_000) });
    bus.flushSync();
  };
  publish(80);
  assertEquals(beacons.bodies.length, 1);
  beacons.takes = Infinity;
  publish(1);
  const lines = linesOf(beacons.bodies);
  assertEquals(lines.length, 81);
  const times = lines.map(({ timestamp }) => timestamp);
  assertEquals(times, times.toSorted((a, b) => a - b));
});

Deno.test("what cannot be kept is dropped, and the next batch says how many", async () => {
  using beacons = fakeBeacons(0);
  await using bus = busWithBeacons();
  bus.publish("note", { text: "n".repeat(MAX_BATCH_BYTES) });
  for (let i = 0; i < 300; i++) bus.publish("note", { text: "n".repeat(1_000) });
  bus.flushSync();
  beacons.takes = Infinity;
  bus.flushSync();
  const lines = linesOf(beacons.bodies);
  const dropped = lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0);
  const delivered = lines.filter(({ type }) => type === "note").length;
  assertEquals(delivered + dropped, 301);
  assert(dropped > 1);
});

Deno.test("a page that publishes much sends it while it is there", async () => {
  const { fetch: real } = globalThis;
  const bodies: string[] = [];
  let answer = new Response(null, { status: 503 });
  globalThis.fetch = (_url, init) => {
    bodies.push(String(init?.body));
    return Promise.resolve(answer);
  };
  try {
    await using bus = busWithBeacons();
    for (let i = 0; i < 40; i++) bus.publish("note", { text: "n".repeat(1_000) });
    await bus.flush();
    assert(bodies.length > 0);
    // None of it was taken: it comes again.
    answer = new Response();
    bodies.length = 0;
    await bus.flush();
    assertEquals(linesOf(bodies).length, 40);
  } finally {
    globalThis.fetch = real;
  }
});

Deno.test("what anybody sends is counted as malformed, and fails nothing", async () => {
  const { obs, series } = await startSite();
  const handler = createSite(obs.bus, { html: "", script: "" });
  const send = (body: string) =>
    handler(new Request("http://localhost/events", { method: "POST", body }));
  const lines = ["{", "null", "5", '{"type":"__proto__"}', '{"type":"cart.opened"}'];
  assertEquals((await send(lines.join("\n"))).status, 204);
  assertEquals((await send('{"dropped":3}\n')).status, 204);
  assertEquals((await send("x".repeat(70_000))).status, 413);
  assertEquals(await series(), ["page_events_dropped_total 3", "page_events_malformed_total 5"]);
  await obs.shutdown();
});
