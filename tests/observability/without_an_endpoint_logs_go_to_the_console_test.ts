import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

interface ShopEvents {
  "order": { total: number };
}

const { catalog } = declare<ShopEvents>();
const shop = catalog({ logs: { "order": { level: "info" } } });

/** What the console gets of one order. */
async function printed(otlp: { endpoint: string } | undefined): Promise<string[]> {
  const { console } = globalThis;
  const lines: string[] = [];
  globalThis.console = { ...console, log: (line: string) => void lines.push(line) };
  try {
    await using obs = await startObservability<ShopEvents>({
      env: () => undefined,
      logger: new MemoryLogger(),
      catalog: shop,
      prometheus: { enabled: false },
      otlp,
    });
    obs.bus.publish("order", { total: 42 });
    await obs.flush();
  } finally {
    globalThis.console = console;
  }
  return lines;
}

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

Deno.test("log records go to the console as JSON lines, unless there is an endpoint", async () => {
  const [line = "", ...others] = await printed(undefined);
  const { body, attributes } = JSON.parse(line);
  assertEquals([body, attributes, others], ["order", { total: 42 }, []]);
  await using receiver = await OtlpReceiver.start();
  assertEquals(await printed({ endpoint: receiver.endpoint }), []);
  assertEquals(receiver.received.some(({ path }) => path === "/v1/logs"), true);
});
