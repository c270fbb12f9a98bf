import { assert, assertEquals, assertRejects } from "@std/assert";
import { totals } from "../../support/kv_cache_server.ts";
import { run, start } from "../../support/processes.ts";
import { samples } from "../../support/samples.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const MAIN = new URL("../../../examples/kv_cache_server/main.ts", import.meta.url).pathname;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"];
const commandLine = (...args: string[]) => [
  ...["run", "--quiet", ...FLAGS, MAIN, "--port", "0", "--speed", "max"],
  ...args,
];

Deno.test("prompts-unique: nothing is found, and L1 evicts what is never asked for again", async () => {
  const args = commandLine("--requests", "100", "--once", "--l1-chunks", "50");
  const { code, stdout, stderr } = await run(Deno.execPath(), [
    ...args,
    ...["--fault", "prompts-unique"],
  ]);
  assertEquals(code, 0, stderr);
  const found = samples(stdout);
  const of = (name: string) => totals(found, `lmcache_mp_${name}_total`, "cache_salt").total;
  assert(of("lookup_requested_tokens") > 0);
  assertEquals(of("lookup_hit_tokens"), 0);
  assert(of("l1_evicted_chunks") > 50);
});

Deno.test("subscriber-slow: the bus lags, and says so in a scrape that is answered", async () => {
  await using child = start(Deno.execPath(), commandLine("--fault", "subscriber-slow"));
  const [url] = await child.printed(/http:\S+\/metrics/, "stderr");
  const lagSeconds = async () =>
    samples(await (await fetch(url)).text())["lmcache_mp_event_bus_drain_lag_seconds"] ?? 0;
  while (await lagSeconds() < 5);
});

Deno.test("crash: the process ends, as one that was killed", async () => {
  await using folder = await temporaryFolder();
  await using child = start(
    Deno.execPath(),
    commandLine("--fault", "crash", "--l1-chunks", "10", "--l2-chunks", "10"),
    { env: { TMPDIR: folder.path } },
  );
  const [url] = await child.printed(/http:\S+\/metrics/, "stderr");
  assertEquals((await child.ended).code, 137);
  await assertRejects(() => fetch(url));
  assertEquals([...Deno.readDirSync(folder.path)], [], "its temporary directory went with it");
});
