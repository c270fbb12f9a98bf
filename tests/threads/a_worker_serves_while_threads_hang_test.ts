import { assertEquals } from "@std/assert";
import { freePort } from "../support/loopback.ts";
import { runScript } from "../support/processes.ts";

Deno.test("the metrics worker answers while its starter hangs, and another thread starts it again", async () => {
  const program = new URL("../support/programs/worker_of_threads.ts", import.meta.url);
  const env = { METRICS_WORKER_PORT: String(await freePort()) };
  const { code, stdout, stderr } = await runScript(program, [], { env });
  assertEquals([stdout, stderr, code], [
    JSON.stringify({ before: 1, whileItHangs: 1, withAnother: 2, afterwards: 2, fell: false }) +
    "\n",
    "",
    0,
  ]);
});
