import { assertEquals } from "@std/assert";
import { freePort } from "../support/loopback.ts";
import { runScript } from "../support/processes.ts";

Deno.test("when the thread that serves the port is terminated, another serves it, and no count falls", async () => {
  const port = await freePort();
  const program = new URL("../support/programs/port_of_threads.ts", import.meta.url);
  const { code, stdout, stderr } = await runScript(program, [String(port)]);
  assertEquals([stdout, stderr, code], [
    JSON.stringify({
      before: "2",
      afterwards: "2",
      metricsUrl: `http://127.0.0.1:${port}/metrics`,
    }) + "\n",
    "",
    0,
  ]);
});
