import { assertEquals } from "@std/assert";
import { WORKER_KINDS } from "../../scripts/torture/either_worker.ts";
import { runPushes } from "../../scripts/torture/pushes.ts";

for (const kind of WORKER_KINDS) {
  Deno.test(`whether the thread that pushes is terminated, or hangs and goes on, no delta comes twice: ${kind}`, async () => {
    const service = `threads-test-pushes-${kind}`;
    const seen = await runPushes(service, { kind, replacements: 4, chance: Math.random });
    assertEquals(seen.faults, [], JSON.stringify(seen));
  });
}
