import { assert, assertEquals, assertMatch } from "@std/assert";
import { spread } from "../../../examples/kv_cache_server/requests/clients.ts";
import { conversations } from "../../../examples/kv_cache_server/requests/workload.ts";
import { Oracle, type Sums } from "../../support/kv_cache_oracle.ts";
import { totals } from "../../support/kv_cache_server.ts";
import { run } from "../../support/processes.ts";
import { samples } from "../../support/samples.ts";

const MAIN = new URL("../../../examples/kv_cache_server/main.ts", import.meta.url).pathname;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"];
const REQUESTS = 200;
const SPREAD = { models: 2, tenants: 3, devices: 2, workers: 3 };

const CAPACITIES = { l1: 100, l2: 400 };

for (const threads of [1, 4]) {
  const whose = threads === 1 ? "one thread" : `${threads} threads, each with a cache of its own,`;
  Deno.test(`the last scrape of ${whose} is what independent caches count`, async () => {
    const { code, stdout, stderr } = await run(Deno.execPath(), [
      ...["run", "--quiet", ...FLAGS, MAIN, "--port", "0", "--once", "--speed", "max"],
      ...["--requests", `${REQUESTS}`, "--seed", "7", "--threads", `${threads}`],
      ...["--l1-chunks", `${CAPACITIES.l1}`, "--l2-chunks", `${CAPACITIES.l2}`],
      ...Object.entries(SPREAD).flatMap(([name, count]) => [`--${name}`, `${count}`]),
    ]);
    assertEquals(code, 0, stderr);
    const oracles = Array.from({ length: threads }, () => new Oracle(CAPACITIES));
    const clients = spread(SPREAD);
    let requests = 0;
    for (const { chunkIds } of conversations(7)) {
      if (requests === REQUESTS) break;
      oracles[requests++ % threads]?.handle(chunkIds, clients.next().value);
    }
    const found = samples(stdout);
    let compared = 0;
    for (const [name, byLabel] of Object.entries(sumOf(oracles))) {
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
    assertMatch(stderr, new RegExp(`requests +${REQUESTS} (.|\n)*events dropped +0\n`));
  });
}

/** What all of them have counted together. */
function sumOf(oracles: readonly Oracle[]): Sums {
  const sums: Sums = {};
  for (const oracle of oracles) {
    for (const [name, byLabel] of Object.entries(oracle.sums)) {
      for (const [label, by] of Object.entries(byLabel)) {
        const into = (sums[name] ??= {})[label] ??= {};
        for (const [value, count] of Object.entries(by)) into[value] = (into[value] ?? 0) + count;
      }
    }
  }
  return sums;
}
