import { assert, assertEquals } from "@std/assert";
import { spread } from "../../../examples/kv_cache_server/clients.ts";
import { conversations } from "../../../examples/kv_cache_server/workload.ts";
import { Oracle } from "../../support/kv_cache_oracle.ts";
import { totals } from "../../support/kv_cache_server.ts";
import { run } from "../../support/processes.ts";
import { samples } from "../../support/samples.ts";

const MAIN = new URL("../../../examples/kv_cache_server/main.ts", import.meta.url).pathname;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"];
const REQUESTS = 200;
const SPREAD = { models: 2, tenants: 3, devices: 2, workers: 3 };

Deno.test("what --once prints is what an independent cache counts", async () => {
  const { code, stdout, stderr } = await run(Deno.execPath(), [
    ...["run", "--quiet", ...FLAGS, MAIN, "--port", "0", "--once", "--speed", "max"],
    ...["--requests", `${REQUESTS}`, "--seed", "7", "--l1-chunks", "100", "--l2-chunks", "400"],
    ...Object.entries(SPREAD).flatMap(([name, count]) => [`--${name}`, `${count}`]),
  ]);
  assertEquals(code, 0, stderr);
  const oracle = new Oracle({ l1: 100, l2: 400 });
  const clients = spread(SPREAD);
  let requests = 0;
  for (const { chunkIds } of conversations(7)) {
    if (++requests > REQUESTS) break;
    oracle.handle(chunkIds, clients.next().value);
  }
  const found = samples(stdout);
  let compared = 0;
  for (const [name, byLabel] of Object.entries(oracle.sums)) {
    for (const [label, by] of Object.entries(byLabel)) {
      const total = Object.values(by).reduce((a, b) => a + b, 0);
      assertEquals(
        totals(found, `lmcache_mp_${name}`, label),
        { total, by },
        `${name} by ${label}`,
      );
      if (total > 0) compared++;
    }
  }
  assert(compared > 20);
});
