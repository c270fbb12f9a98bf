import { assert } from "@std/assert";

const PROGRAM = new URL("../support/programs/restarted_thread.ts", import.meta.url);

Deno.test("of what a thread reserves it costs what is written to, also when it starts again and again", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--v8-flags=--expose-gc", PROGRAM.href],
  }).output();
  const grownBytes = Number(new TextDecoder().decode(stdout).trim() || Number.NaN);
  assert(grownBytes < 100e6, `the process has grown by ${grownBytes} bytes`);
});
