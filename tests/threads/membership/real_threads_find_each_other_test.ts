import { assertEquals } from "@std/assert";
import { runScript } from "../../support/processes.ts";

Deno.test("real threads find each other, one that throws has ended at once, none keeps the process alive", async () => {
  const program = new URL("../../support/programs/joined_threads.ts", import.meta.url);
  const { code, stdout, stderr } = await runScript(program);
  const [together, afterwards] = JSON.parse(stdout || JSON.stringify([stderr, code]));
  assertEquals(Object.keys(together).toSorted(), ["thread 1", "thread 2", "thread 3", "thread 4"]);
  assertEquals(afterwards["thread 2"], "dead");
  assertEquals([afterwards["thread 1"], afterwards["thread 4"]], ["alive", "alive"]);
  assertEquals(code, 0);
});
