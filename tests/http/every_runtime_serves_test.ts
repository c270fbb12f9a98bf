import { assertEquals } from "@std/assert";
import { runScript } from "../support/processes.ts";

const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const PLAIN = "text/plain; charset=utf-8";

Deno.test("every runtime serves metrics with its own server, and ends when it is shut down", async () => {
  const serving = new URL("../support/programs/serving.ts", import.meta.url);
  const { code, stdout, stderr } = await runScript(serving, [], { permissions: ["--allow-net"] });
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout), [
    ["127.0.0.1", "/metrics"],
    [200, TEXT, "up 1\n"],
    [200, "application/openmetrics-text; version=1.0.0; charset=utf-8", "up 1.0\n# EOF\n"],
    [200, TEXT, "up 1\n"],
    [200, TEXT, ""],
    [405, PLAIN, "Method not allowed\n"],
    [200, PLAIN, "ok\n"],
    [404, PLAIN, "Not found. There is /metrics, /healthz, /readyz\n"],
    ["AddressInUseError", true],
    ["gone"],
  ]);
});
