import { assertEquals } from "@std/assert";
import { OtlpReceiver } from "./otlp_receiver.ts";

Deno.test("Exporters need no --allow-env, and keep no process alive", async () => {
  await using receiver = await OtlpReceiver.start();
  const { host } = new URL(receiver.endpoint);
  const script = new URL("./exporting.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", `--allow-net=${host}`, script, receiver.endpoint],
    stdin: "null",
  }).output();
  assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
  const one = { exported: 1, failed: 0, dropped: 0, queued: 0 };
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), [one, one, one]);
  assertEquals(receiver.received.map(({ path }) => path).toSorted(), [
    "/v1/logs",
    "/v1/metrics",
    "/v1/traces",
  ]);
});
