import { assertEquals } from "@std/assert";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";

Deno.test("/stats of the metrics server shows the bus's counts", async () => {
  await using obs = await startObservability<{ order: { total: number } }>({
    env: () => undefined,
    logger: new MemoryLogger(),
    prometheus: { port: 0 },
  });
  obs.bus.publish("order", { total: 42 });
  await obs.flush();
  const response = await fetch(new URL("/stats", obs.metricsUrl));
  assertEquals(await response.json(), JSON.parse(JSON.stringify(obs.bus.stats())));
});
