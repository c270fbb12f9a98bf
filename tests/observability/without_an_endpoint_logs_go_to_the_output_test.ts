import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { runScript } from "../support/processes.ts";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

interface ShopEvents {
  "order": { total: number };
}

const { catalog } = declare<ShopEvents>();
const shop = catalog({ logs: { "order": { level: "info" } } });

const PROGRAM = new URL("../support/programs/observed_logs.ts", import.meta.url);

Deno.test("log records that are disabled go nowhere, not even to a sink of one's own", async () => {
  const records: unknown[] = [];
  await using obs = await startObservability<ShopEvents>({
    env: () => undefined,
    logger: new MemoryLogger(),
    catalog: shop,
    loggingEnabled: false,
    logSink: (record) => void records.push(record),
    prometheus: { enabled: false },
  });
  obs.bus.publish("order", { total: 42 });
  await obs.flush();
  assertEquals(records, []);
});

Deno.test("log records go to the output as JSON lines, unless there is an endpoint", async () => {
  const { stdout } = await runScript(PROGRAM);
  const [line = "", ...others] = stdout.split("\n");
  const { body, attributes } = JSON.parse(line);
  assertEquals([body, attributes, others], ["order", { total: 42 }, [""]]);
  await using receiver = await OtlpReceiver.start();
  assertEquals((await runScript(PROGRAM, [receiver.endpoint])).stdout, "");
  assertEquals(receiver.received.some(({ path }) => path === "/v1/logs"), true);
});
