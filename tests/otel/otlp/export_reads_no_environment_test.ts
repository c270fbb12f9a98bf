import { assertEquals } from "@std/assert";
import { runScript } from "../../support/processes.ts";
import { OtlpReceiver } from "../../support/otlp_receiver.ts";

Deno.test("Exporters read no environment, need no --allow-env and keep no process alive", async () => {
  await using receiver = await OtlpReceiver.start();
  const { host } = new URL(receiver.endpoint);
  const script = new URL("../../support/programs/exporting.ts", import.meta.url);
  const { code, stdout, stderr } = await runScript(script, [receiver.endpoint], {
    permissions: [`--allow-net=${host}`],
    env: { OTEL_EXPORTER_OTLP_HEADERS: "x-of-environment=1" },
  });
  assertEquals([code, stderr], [0, ""]);
  const one = { exported: 1, failed: 0, dropped: 0, queued: 0 };
  assertEquals(JSON.parse(stdout), [one, one, one]);
  assertEquals(receiver.received.map(({ path }) => path).toSorted(), [
    "/v1/logs",
    "/v1/metrics",
    "/v1/traces",
  ]);
  assertEquals(receiver.received.some(({ headers }) => headers.has("x-of-environment")), false);
});
