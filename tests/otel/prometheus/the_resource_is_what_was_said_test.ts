import { assertEquals } from "@std/assert";
import { PrometheusMetrics, type PrometheusMetricsOptions } from "@busbar/busbar/otel";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The labels of the resource. */
async function resource(options: PrometheusMetricsOptions): Promise<Record<string, string>> {
  await using metrics = new PrometheusMetrics(options);
  const text = await metrics.scrape();
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
}

Deno.test("a service without a name and an instance is unknown, and the instance a random one", async () => {
  const first = await resource({});
  const second = await resource({});
  assertEquals(first["service_name"], "unknown_service");
  const ids = [first, second].map((labels) => labels["service_instance_id"] ?? "");
  assertEquals(ids.map((id) => UUID.test(id)), [true, true]);
  assertEquals(ids[0] === ids[1], false);
});

Deno.test("the service's name and instance come before attributes of these names", async () => {
  const labels = await resource({
    serviceName: "shop",
    serviceInstanceId: "shop-7",
    resourceAttributes: {
      "service.name": "other",
      "service.instance.id": "other-1",
      "host.name": "a",
    },
  });
  assertEquals(labels, {
    service_name: "shop",
    service_instance_id: "shop-7",
    host_name: "a",
  });
});
