import { assert, assertEquals } from "@std/assert";
import { runScript } from "../../support/processes.ts";
import { METRICS_HERE } from "../../support/runtime_metrics.ts";

const SCRIPT = new URL("../../support/programs/runtime_metrics.ts", import.meta.url);

Deno.test("without any permission all is shown, and the process ends by itself", async () => {
  const { code, stdout, stderr } = await runScript(SCRIPT, [], { permissions: [] });
  // Beside the line that says where all goes.
  const [first, ...others] = stderr.split("\n");
  assert(first?.startsWith("busbar: metrics where the program serves them; "), stderr);
  assertEquals([code, others], [0, [""]]);
  const shown: string[] = JSON.parse(stdout);
  const missing = METRICS_HERE
    .filter(({ type }) => type !== "histogram")
    .map(({ family, type }) => type === "counter" ? `${family}_total` : family)
    .filter((name) => !shown.includes(name));
  assertEquals(missing, []);
});
