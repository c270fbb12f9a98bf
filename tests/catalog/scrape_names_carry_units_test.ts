import { assertEquals } from "@std/assert";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { familyName, labelName } from "../../src/catalog/scrape_name.ts";
import { samples } from "../support/samples.ts";

Deno.test("a scrape name is the name, its unit once, and _total for counters", async () => {
  const expected: [name: string, unit: string, scraped: string][] = [
    ["cache.l1_read", "chunks", "cache_l1_read_chunks_total"],
    ["cache.braces", "{chunks}", "cache_braces_total"],
    ["cache.bytes_read", "By", "cache_bytes_read_bytes_total"],
    ["cache.read_bytes", "By", "cache_read_bytes_total"],
    ["cache.busy", "s", "cache_busy_seconds_total"],
    ["cache.lost_total", "events", "cache_lost_events_total"],
    ["cache.plain", "", "cache_plain_total"],
    ["cache.ratio", "1", "cache_ratio_total"],
    ["cache.store_throughput", "GB/s", "cache_store_throughput_GB_per_second_total"],
    ["cache.bytes_rate", "By/s", "cache_bytes_rate_bytes_per_second_total"],
    ["cache.requests_rate", "{requests}/s", "cache_requests_rate_per_second_total"],
    ["cache.frequency", "1/min", "cache_frequency_per_minute_total"],
    ["cache.memory", "MBy", "cache_memory_megabytes_total"],
    ["cache.proto", "constructor", "cache_proto_constructor_total"],
    ["cache.shift_rate", "{chunks}/shift", "cache_shift_rate_per_shift_total"],
    ["cache.odd", "a/b/c", "cache_odd_a_b_c_total"],
  ];
  await using metrics = new PrometheusMetrics();
  for (const [name, unit] of expected) metrics.meter.createCounter(name, { unit }).add(1);
  const names = Object.keys(samples(await metrics.scrape())).slice(1);
  assertEquals(names, expected.map(([, , scraped]) => scraped).sort());
});

Deno.test("a name that a scrape cannot have becomes one that it can, or none", () => {
  for (
    const [name, unit, isCounter, expected] of [
      ["1st.read", "", false, "_1st_read"],
      ["°", "", false, ""],
      ["", "", false, ""],
      ["_total", "", true, ""],
      ["total", "", true, "total"],
      ["_total_", "", true, ""],
      ["a°°b", "", false, "a_b"],
    ] as const
  ) assertEquals(familyName(name, unit, isCounter), expected, name);
  for (
    const [attribute, label] of [
      ["http.route", "http_route"],
      ["1st", "_1st"],
      ["", "_"],
      ["__name__", "_name_"],
    ] as const
  ) assertEquals(labelName(attribute), label, attribute);
});
