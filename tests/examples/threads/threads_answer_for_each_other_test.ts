import { assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { freePort } from "../../support/loopback.ts";
import { start } from "../../support/processes.ts";

const EXAMPLES = new URL("../../../examples/threads/", import.meta.url);
const FLAGS = ["--quiet", "--no-check", "--allow-all"];

/** The orders in a scrape, and how many threads are alive. */
function read(scrape: string): [ok: number, declined: number, alive: number] {
  const value = (series: string) => {
    const line = scrape.split("\n").find((line) => line.startsWith(`${series} `));
    return Number(line?.slice(series.length) ?? 0);
  };
  return [
    value('shop_orders_total{status="ok"}'),
    value('shop_orders_total{status="declined"}'),
    value('busbar_threads{state="alive"}'),
  ];
}

/** Asks over a connection of its own, which any thread may accept. */
async function ask(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: "close" } });
  return await response.text();
}

for (const example of ["workers.ts", "worker_threads.ts"]) {
  Deno.test(`${example}: one scrape shows what all threads have counted`, async () => {
    const port = await freePort();
    const script = new URL(example, EXAMPLES).pathname;
    await using pool = start(Deno.execPath(), ["run", ...FLAGS, script], {
      env: { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) },
    });
    const [, url] = await pool.printed(/metrics of all threads: (\S+)/);
    assertEquals(url, `http://127.0.0.1:${port}/metrics`);
    let seen = read("");
    // On a busy machine a thread may be taken for one that hangs, for a while.
    while (seen[0] + seen[1] < 300 || seen[2] < 4) {
      seen = read(await ask(url!));
      await delay(20);
    }
    assertEquals(seen, [270, 30, 4]);
  });
}

Deno.test("deno_serve.ts: a worker and every thread answer for all, and the process ends when it is asked to", async () => {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const script = new URL("deno_serve.ts", EXAMPLES).pathname;
  const args = ["serve", ...FLAGS, "--parallel", "--host=127.0.0.1", `--port=${port}`, script];
  await using service = start(Deno.execPath(), args, {
    env: { DENO_JOBS: "3", OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort) },
  });
  const origin = `http://127.0.0.1:${port}`;
  const metrics = `http://127.0.0.1:${metricsPort}/metrics`;
  // The worker is a thread as well, and the first connection is one that somebody listens for.
  const alive = () => ask(metrics).then((scrape) => read(scrape)[2], () => 0);
  while (await alive() < 4) await delay(20);
  for (let order = 0; order < 60; order++) assertEquals(await ask(`${origin}/`), "ordered\n");
  for (let scrape = 0; scrape < 20; scrape++) {
    const seen = read(await ask(`${origin}/metrics`));
    // One that has not met the others yet lacks some.
    if (seen[2] === 4) assertEquals(seen, [60, 0, 4]);
  }
  assertEquals(read(await ask(metrics)), [60, 0, 4]);
  service.kill("SIGTERM");
  assertEquals((await service.ended).code, 0);
});
