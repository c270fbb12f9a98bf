import { assert, assertEquals } from "@std/assert";
import { startScript } from "../support/processes.ts";

Deno.test("at a signal a process is not ready, serves on while it drains, and then ends", async () => {
  const program = new URL("../support/programs/draining.ts", import.meta.url);
  await using service = startScript(program);
  const origin = `http://127.0.0.1:${(await service.printed(/port: (\d+)/))[1]}`;
  const ask = async (path: string) => {
    const response = await fetch(`${origin}${path}`);
    return [response.status, await response.text()];
  };
  assertEquals(await ask("/internal/readyz"), [200, "ok\n"]);
  service.kill("SIGTERM");
  while ((await ask("/internal/readyz"))[0] !== 503);
  assertEquals(await ask("/internal/healthz"), [200, "ok\n"]);
  assertEquals((await ask("/internal/metrics"))[0], 200);
  assertEquals(await ask("/late"), [200, "served"]);
  assertEquals(await ask("/last"), [200, "served"]);
  const { code, stdout, stderr } = await service.ended;
  assertEquals(code, 7);
  assert(stderr.startsWith("busbar: metrics where the program serves them; "), stderr);
  assertEquals(stdout.split("\n")[1], "delivered: /late,/last");
});
