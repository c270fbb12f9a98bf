import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { deadline, delay } from "@std/async";
import { Stop } from "../../../examples/kv_cache_server/stop.ts";
import { freePort, serve } from "../../support/loopback.ts";
import { run, start } from "../../support/processes.ts";

import { temporaryFolder } from "../../support/temporary_folder.ts";

const MAIN = new URL("../../../examples/kv_cache_server/main.ts", import.meta.url).pathname;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"];
const commandLine = (...args: string[]) => [
  ...["run", "--quiet", ...FLAGS, "--allow-env=OTEL_*", MAIN],
  ...args,
];
const NO_SIGTERM = Deno.build.os === "windows";

/** What a process has left in the folder that it took for that of temporary files. */
const leftIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name);

/** Starts it, with outputs that are read only where the test does. */
function startUnread(folder: string, ...args: string[]) {
  return new Deno.Command(Deno.execPath(), {
    args: commandLine(...args),
    env: { TMPDIR: folder },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Ends it, whatever it does. */
async function endOf(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
  await child.status;
}

Deno.test("all steps of a stop have one deadline between them, each half of what is left", async () => {
  const TIME_MS = 400;
  const stop = new Stop(TIME_MS);
  assertEquals(await stop.waitFor(Promise.resolve()), true);
  assertEquals(stop.leftMs, TIME_MS);
  const endless = new Promise(() => {});
  const waiting = stop.waitFor(endless);
  stop.ask();
  stop.ask();
  assertEquals(await waiting, false);
  for (let steps = 2; steps < 6; steps++) {
    assertEquals(await stop.waitFor(endless), false);
    // A timer may come a moment early.
    assert(stop.leftMs <= TIME_MS / 2 ** steps + 2, `${stop.leftMs} ms after ${steps} steps`);
  }
  assertEquals(await stop.waitFor(Promise.resolve()), true);
});

for (const threads of ["1", "3"]) {
  Deno.test(`a port in use is told at once, with ${threads} threads`, async () => {
    await using server = await serve(() => new Response());
    const args = ["--port", `${server.port}`, "--threads", threads, "--once", "--requests", "1"];
    const { code, stdout, stderr } = await run(Deno.execPath(), commandLine(...args));
    assertEquals([code, stdout], [1, ""]);
    const why = "it is in use, choose another with --port";
    assertEquals(stderr, `Cannot serve at 127.0.0.1:${server.port}: ${why}\n`);
  });
}

Deno.test("threads that fail end all of it at once, and one line says why", async () => {
  await using folder = await temporaryFolder();
  const trace = `${folder.path}/trace.jsonl`;
  await Deno.writeTextFile(trace, '{"timestamp":0,"hash_ids":[1]}\nrubbish\n');
  const args = ["--port", "0", "--threads", "3", "--trace", trace];
  const { code, stdout, stderr } = await run(Deno.execPath(), commandLine(...args, "--once"));
  assertEquals([code, stdout], [1, ""], stderr);
  const why = `Cannot read trace ${trace}: line 2: it must be JSON, received "rubbish"`;
  assertMatch(
    stderr.trim().split("\n").at(-1) ?? "",
    /^(thread \d has failed: )?Cannot read trace/,
  );
  assertEquals(stderr.split(why).length, 2, stderr);
  assert(!stderr.includes("    at "), stderr);
});

Deno.test({
  name: "standard error that nobody reads holds nothing up, and no stop",
  ignore: NO_SIGTERM,
  async fn() {
    await using folder = await temporaryFolder();
    const port = await freePort();
    const child = startUnread(
      folder.path,
      ...["--port", `${port}`, "--speed", "max", "--log-level", "warn", "--blend"],
      ...["--l1-chunks", "50", "--fault", "l1-oom"], // which has much to be said
    );
    try {
      // Long after what it says fills a pipe, it still answers.
      let requests = 0;
      const signal = AbortSignal.timeout(40_000);
      while (requests < 1_500) {
        const text = await fetch(`http://127.0.0.1:${port}/metrics`, { signal })
          .then((response) => response.text(), () => "");
        signal.throwIfAborted();
        requests = Number(/lookups_requests_total{[^}]*} (\d+)/.exec(text)?.[1] ?? 0);
      }
      child.kill("SIGTERM");
      assertEquals((await deadline(child.status, 15_000)).code, 0);
      assertEquals(leftIn(folder.path), []);
    } finally {
      await endOf(child);
      await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
    }
  },
});

Deno.test({
  name: "one SIGTERM ends it while it waits for a pipe that nobody writes to",
  ignore: NO_SIGTERM,
  async fn() {
    await using folder = await temporaryFolder();
    await using temporary = await temporaryFolder();
    const fifo = `${folder.path}/trace`;
    assertEquals((await run("mkfifo", [fifo])).code, 0);
    const args = commandLine("--port", "0", "--trace", fifo);
    await using child = start(Deno.execPath(), args, { env: { TMPDIR: temporary.path } });
    await child.printed(/Open http/, "stderr");
    child.kill("SIGTERM");
    const { code, stderr } = await deadline(child.ended, 15_000);
    assertEquals(code, 0, stderr);
    assertMatch(stderr, /requests +0 /);
    assertEquals(leftIn(temporary.path), []);
  },
});

for (const signals of [1, 2]) {
  Deno.test({
    name:
      `a scrape that nobody reads is given up at SIGTERM number ${signals}, and nothing is left`,
    ignore: NO_SIGTERM,
    async fn() {
      await using folder = await temporaryFolder();
      const many = ["--models", "200", "--tenants", "50"]; // more than a pipe takes
      const child = startUnread(
        folder.path,
        ...["--port", "0", "--once", "--requests", "100", "--speed", "max", ...many],
      );
      try {
        let said = "";
        const read = async () => {
          for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
            const wasThere = said.includes("events dropped");
            said += text;
            if (wasThere || !said.includes("events dropped")) continue;
            for (let i = 0; i < signals; i++) child.kill("SIGTERM");
          }
        };
        await deadline(read(), 40_000);
        assertEquals((await child.status).code, 1, said);
        assertEquals(leftIn(folder.path), []);
      } finally {
        await endOf(child);
        await child.stdout.cancel();
      }
    },
  });
}

Deno.test("a Ctrl-C that comes once more at once, as under deno task, is the same one", async () => {
  for (;;) {
    await using child = start(Deno.execPath(), commandLine("--port", "0", "--threads", "2"));
    await child.printed(/Open http/, "stderr");
    const startedAt = performance.now();
    child.kill("SIGINT");
    await delay(50);
    child.kill("SIGINT");
    // A busy machine may have held it up between them.
    if (performance.now() - startedAt > 200) continue;
    const { code, stderr } = await child.ended;
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "events dropped");
    return;
  }
});

Deno.test("under faults that hold up a stop the table has every event, delivered or dropped", async () => {
  await using receiver = await serve(() => new Promise<Response>(() => {}));
  const faults = ["l2-slow", "deadline", "subscriber-slow", "subscriber-error"];
  await using child = start(Deno.execPath(), [
    ...commandLine("--port", "0", "--speed", "max", "--otlp-endpoint", receiver.origin),
    ...faults.flatMap((fault) => ["--fault", fault]),
  ]);
  const [, url] = await child.printed(/Open (\S+)\/metrics/, "stderr");
  // More wait for the slow subscriber than it takes in the time of a stop.
  const waiting = async () => (await (await fetch(`${url}/stats`)).json()).pending;
  while (await waiting() < 4_500) await delay(50);
  child.kill("SIGINT");
  const { code, stderr } = await deadline(child.ended, 15_000);
  assertEquals(code, 0, stderr);
  const [published, delivered, dropped] = ["published", "delivered", "dropped"].map((name) =>
    Number(new RegExp(`events ${name} +([\\d,]+)`).exec(stderr)?.[1]?.replaceAll(",", ""))
  );
  assert(published !== undefined && delivered !== undefined && dropped !== undefined);
  assertEquals(published, delivered + dropped, stderr);
});

Deno.test("OTEL_SDK_DISABLED leaves the cache as it is, and says that there are no metrics", async () => {
  const env = { OTEL_SDK_DISABLED: "true" };
  await using child = start(Deno.execPath(), commandLine("--port", "0", "--requests", "0"), {
    env,
  });
  const [, url] = await child.printed(/There are no metrics; the cache is at (\S+)\/v1/, "stderr");
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify({ chunks: [1, 2] }) };
  const { storedChunks } = await (await fetch(`${url}/v1/store`, init)).json();
  assertEquals(storedChunks, 2);
  const scrape = await fetch(`${url}/metrics`);
  await scrape.body?.cancel();
  assertEquals(scrape.status, 404);
  child.kill("SIGINT");
  assertEquals((await child.ended).code, 0);

  const args = commandLine("--port", "0", "--once", "--requests", "5", "--threads", "2");
  const { code, stdout, stderr } = await run(Deno.execPath(), args, { env });
  assertEquals([code, stdout], [0, ""], stderr);
  assertStringIncludes(stderr, "observability is disabled by OTEL_SDK_DISABLED");
  assertMatch(stderr, /requests +5 /);
  assert(!/undefined|Cannot/.test(stderr), stderr);
});
