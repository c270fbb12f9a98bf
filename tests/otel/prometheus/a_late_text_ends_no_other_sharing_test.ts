import { assertEquals } from "@std/assert";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { samples } from "../../support/samples.ts";

Deno.test("a text that is done late does not end the sharing of the next collection", async () => {
  await using metrics = new PrometheusMetrics();
  let collections = 0;
  const gates = [Promise.resolve(), ...Array.from({ length: 2 }, () => Promise.withResolvers())];
  const gate = (index: number) => {
    const found = gates[index];
    return found !== undefined && "promise" in found ? found : undefined;
  };
  metrics.meter.createObservableGauge("collections").addCallback(async (result) => {
    const index = collections++;
    await gate(index)?.promise;
    result.observe(index);
  });
  // OpenMetrics is written from the same collection, later than the first text is done.
  const first = metrics.scrape();
  const late = metrics.scrape("openmetrics");
  await first;
  const second = metrics.scrape();
  await late;
  const third = metrics.scrape();
  gate(1)?.resolve(undefined);
  gate(2)?.resolve(undefined);
  const texts = await Promise.all([second, third]);
  assertEquals(texts.map((text) => samples(text)["collections"]), [1, 1]);
  assertEquals(collections, 2);
});
