import { assert, assertEquals } from "@std/assert";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];
const EVENTS = 300;

/** What the page does with the bundled core, and tells the test about. */
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
const report = await bus.stop();
const told = { heard, heardAtTimer, flushed, report, setImmediate: typeof setImmediate };
await fetch("/told", { method: "POST", body: JSON.stringify(told) });
</script>`;

interface Told {
  heard: number[];
  heardAtTimer: number;
  flushed: boolean;
  report: { delivered: number; dropped: number; timedOut: boolean };
  setImmediate: string;
}

const chromium = PROGRAMS.find((program) => {
  try {
    return new Deno.Command(program, { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
});
if (chromium === undefined) {
  // deno-lint-ignore no-console -- who runs the tests must learn what was not tested
  console.warn(`The browser test is skipped: there is none of ${PROGRAMS.join(", ")}`);
}

async function bundle(): Promise<Uint8Array<ArrayBuffer>> {
  const core = new URL("../../mod.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", core],
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return stdout;
}

Deno.test({
  name: "in Chromium all events are delivered in order, and a timer fires while they are",
  ignore: chromium === undefined,
  fn: async () => {
    const { promise, resolve, reject } = Promise.withResolvers<Told>();
    const script = await bundle();
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/told") resolve(await request.json());
        if (pathname !== "/busbar.js") {
          return new Response(PAGE, { headers: { "content-type": "text/html" } });
        }
        return new Response(script, { headers: { "content-type": "text/javascript" } });
      },
    );
    const profile = await Deno.makeTempDir();
    const browser = new Deno.Command(chromium as string, {
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        `--user-data-dir=${profile}`,
        "--remote-debugging-port=0",
        `http://127.0.0.1:${server.addr.port}/`,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const ended = browser.status.then(({ code }) =>
      reject(new Error(`The browser ended with code ${code} before it told anything`))
    );
    try {
      const { heard, heardAtTimer, flushed, report, setImmediate } = await promise;
      assertEquals(heard, Array.from({ length: EVENTS }, (_, i) => i));
      assert(heardAtTimer < EVENTS, `the timer fired after ${heardAtTimer} events`);
      assertEquals([flushed, report.delivered, report.dropped, report.timedOut], [
        true,
        EVENTS,
        0,
        false,
      ]);
      // What makes it a test of the browsers' way to the next turn.
      assertEquals(setImmediate, "undefined");
    } finally {
      // It ends its own processes then, which write to its profile until they end.
      browser.kill("SIGTERM");
      await ended;
      await Deno.remove(profile, { recursive: true });
    }
  },
});
