import { assert, assertEquals } from "@std/assert";
import { findChromium, openPage } from "../support/browser.ts";
import { serve } from "../support/loopback.ts";
import { run } from "../support/processes.ts";

const EVENTS = 300;

/** What the page does with the bundled core, and reports to the test. */
const PAGE = `<!doctype html><script type="module">
import { EventBus } from "/busbar.js";
const bus = new EventBus({ drainBudgetMs: 4 }).start();
const heard = [];
let heardAtTimer;
// 300 events of at least 0.2 ms each: fifteen budgets.
bus.subscribe("n", (event) => {
  const until = performance.now() + 0.2;
  while (performance.now() < until);
  heard.push(event.metadata);
});
setTimeout(() => heardAtTimer = heard.length, 1);
for (let i = 0; i < ${EVENTS}; i++) bus.publish("n", i);
const flushed = await bus.flush();
const stopped = await bus.stop();
const report = { heard, heardAtTimer, flushed, stopped, setImmediate: typeof setImmediate };
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
</script>`;

interface Report {
  heard: number[];
  heardAtTimer: number;
  flushed: boolean;
  stopped: { delivered: number; dropped: number; timedOut: boolean };
  setImmediate: string;
}

const chromium = findChromium();
if (chromium === undefined) {
  // deno-lint-ignore no-console -- who runs the tests must learn what was not tested
  console.warn("The browser test is skipped: there is no Chromium");
}

async function bundle(): Promise<string> {
  const core = new URL("../../mod.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await run(Deno.execPath(), [
    ...["bundle", "--quiet", "--platform", "browser", core],
  ]);
  assertEquals(code, 0, stderr);
  return stdout;
}

Deno.test({
  name: "in Chromium all events are delivered in order, and a timer fires while they are",
  ignore: chromium === undefined,
  fn: async () => {
    const reported = Promise.withResolvers<Report>();
    const script = await bundle();
    await using server = await serve(async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/report") reported.resolve(await request.json());
      return pathname === "/busbar.js"
        ? new Response(script, { headers: { "content-type": "text/javascript" } })
        : new Response(PAGE, { headers: { "content-type": "text/html" } });
    });
    await using browser = await openPage(chromium!, server.origin);
    const report = await Promise.race([reported.promise, browser.crashed]);
    const { heard, heardAtTimer, flushed, stopped, setImmediate } = report;
    assertEquals(heard, Array.from({ length: EVENTS }, (_, i) => i));
    assert(heardAtTimer < EVENTS, `the timer fired after ${heardAtTimer} events`);
    assertEquals([flushed, stopped.delivered, stopped.dropped, stopped.timedOut], [
      true,
      EVENTS,
      0,
      false,
    ]);
    // What makes it a test of the browsers' way to the next turn.
    assertEquals(setImmediate, "undefined");
  },
});
