import { assertEquals, assertRejects } from "@std/assert";
import { getEventBus, setEventBus } from "@busbar/busbar";
import { GET as getItem } from "../../../examples/recipes/next/app/items/[id]/route.ts";
import { GET as getMetrics } from "../../../examples/recipes/next/app/metrics/route.ts";
import { register } from "../../../examples/recipes/next/instrumentation.ts";
import { observability } from "../../../examples/recipes/next/observability.ts";

/** Calls a route as Next does. */
const item = (id: string) =>
  getItem(new Request(`http://localhost/items/${id}`), { params: Promise.resolve({ id }) });

Deno.test("Next's route handlers are observed, and one of them answers /metrics", async () => {
  const previous = getEventBus();
  const { NEXT_RUNTIME } = Deno.env.toObject();
  Deno.env.set("NEXT_RUNTIME", "nodejs");
  try {
    await register();
    const obs = await observability();
    assertEquals(getEventBus() as unknown, obs.bus);
    assertEquals(await (await item("7")).json(), { item: "7" });
    await assertRejects(() => item("broken"), Error, "the stock cannot be read");
    await obs.flush();
    const response = await getMetrics(new Request("http://localhost/metrics"));
    const scrape = await response.text();
    const counts = scrape.match(/^http_server_request_duration_seconds_count.*$/gm) ?? [];
    assertEquals(
      counts.map((line) => [/status_code="(\d+)"/.exec(line)?.[1], line.split(" ").at(-1)]).sort(),
      [["200", "1"], ["500", "1"]],
    );
    await obs.shutdown();
  } finally {
    if (NEXT_RUNTIME === undefined) Deno.env.delete("NEXT_RUNTIME");
    else Deno.env.set("NEXT_RUNTIME", NEXT_RUNTIME);
    setEventBus(previous);
  }
});
