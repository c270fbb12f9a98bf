import { assertEquals } from "@std/assert";
import { runScript } from "../support/processes.ts";

Deno.test("what a terminated thread has pushed without a response is not pushed again, the rest is", async () => {
  const program = new URL("../support/programs/deltas_of_threads.ts", import.meta.url);
  const { code, stdout, stderr } = await runScript(program);
  assertEquals([stdout, stderr, code], [
    JSON.stringify({ counted: 2_000, received: 2_000, toldOfDoubt: true }) + "\n",
    "",
    0,
  ]);
});
