import { assert, assertEquals } from "@std/assert";
import { DEAD_MS } from "../../../src/threads/membership/roster.ts";
import { runScript } from "../../support/processes.ts";

Deno.test("real threads find each other, one that throws has ended at once, none keeps the process alive", async () => {
  const program = new URL("../../support/programs/joined_threads.ts", import.meta.url);
  const { code, stdout, stderr } = await runScript(program);
  const [together, afterwards, afterMs] = JSON.parse(stdout || JSON.stringify([stderr, code]));
  assertEquals(Object.keys(together).toSorted(), ["thread 1", "thread 2", "thread 3", "thread 4"]);
  assertEquals([afterwards["thread 1"], afterwards["thread 2"]], ["alive", "dead"]);
  // It runs, but on a busy machine it may be taken for one that hangs.
  assert(afterwards["thread 4"] !== "dead");
  // By its silence that is known after half a minute.
  assert(afterMs < DEAD_MS, `after ${afterMs} ms`);
  assertEquals(code, 0);
});
