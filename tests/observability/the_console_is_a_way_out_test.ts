import { assert, assertEquals } from "@std/assert";
import { startScript } from "../support/processes.ts";

// opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables, "Exporter Selection"
Deno.test("console is an exporter of spans, metrics and log records", async () => {
  const program = new URL("../support/programs/on_the_console.ts", import.meta.url);
  await using process = startScript(program);
  const { code, stdout, stderr } = await process.ended;
  assertEquals([code, stderr.split("\n")[0]], [
    0,
    "busbar: metrics on the console; spans on the console; log records to the standard output",
  ]);
  for (const part of ["name: 'work'", "shop.ends", '"body":"the end"']) {
    assert(stdout.replaceAll('"work"', "'work'").includes(part), `${part} is not in ${stdout}`);
  }
});
