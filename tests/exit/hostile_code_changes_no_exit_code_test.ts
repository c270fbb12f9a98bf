import { assertEquals } from "@std/assert";
import { startScript } from "../support/processes.ts";

const PROGRAM = new URL("../support/programs/hostile_ending.ts", import.meta.url);

for (
  const hostility of [
    "a logger that throws",
    "a logger that rejects",
    "a clock that throws",
    "a handler that hangs",
    "a flush that hangs",
    "a shutdown that hangs",
  ]
) {
  Deno.test(`a signal ends a process with its code, with ${hostility}`, async () => {
    for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      await using child = startScript(PROGRAM, [hostility], { permissions: [] });
      await child.printed(/ready\n/);
      child.kill(signal);
      const ended = await child.ended;
      assertEquals([ended.code, ended.stderr], [code, ""]);
    }
  });
}
