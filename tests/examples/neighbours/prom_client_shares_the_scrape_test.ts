import { assert, assertEquals } from "@std/assert";
import { Counter, Gauge, Histogram, Registry, Summary } from "prom-client";
import { mergeScrapes, metricsOfBoth } from "../../../examples/neighbours/merge_scrapes.ts";
import { startShop } from "../../../examples/neighbours/prom_client.ts";
import { parseOpenMetrics, parsePrometheus } from "../../support/exposition.ts";

/** How the strict reader names a series. */
const seriesOf = (name: string, ...labels: [string, string][]) => name + JSON.stringify(labels);

/** A registry with a metric of each kind, but for summaries, which Busbar's strict reader has none of. */
function fullRegistry(): Registry {
  const register = new Registry();
  const registers = [register];
  new Counter({ name: "jobs_total", help: 'Jobs "done"', labelNames: ["kind"], registers })
    .inc({ kind: 'a"b\\c\nd' }, 2);
  new Counter({ name: "plain", help: "A counter without _total", registers }).inc(3);
  new Gauge({ name: "queue", help: "Waiting", registers }).set(-1.5);
  new Histogram({ name: "took_seconds", help: "Took", buckets: [1, 2], registers }).observe(1.5);
  return register;
}

Deno.test("one /metrics has both, in both formats, whatever was asked first", async () => {
  const register = fullRegistry();
  await using shop = await startShop(register, 0);
  await (await fetch(`${shop.origin}/order`)).text();
  await shop.obs.flush();
  const read = async (accept: string) => {
    const response = await fetch(`${shop.origin}/metrics`, { headers: { accept } });
    return [response.headers.get("content-type"), await response.text()] as const;
  };
  for (let round = 0; round < 2; round++) {
    const [openType, openMetrics] = await read("application/openmetrics-text; version=1.0.0");
    assert(openType?.startsWith("application/openmetrics-text"), String(openType));
    const open = parseOpenMetrics(openMetrics);
    assertEquals(
      open.get("shop_orders")?.samples.get(seriesOf("shop_orders_total", ["region", "eu"])),
      1,
    );
    assertEquals(
      open.get("shop_visits")?.samples.get(seriesOf("shop_visits_total", ["page", "order"])),
      1,
    );
    assertEquals(open.get("plain")?.samples.get(seriesOf("plain_total")), 3);
    assertEquals(open.get("jobs")?.help, 'Jobs "done"');

    const [type, text] = await read("text/plain");
    assert(type?.startsWith("text/plain; version=0.0.4"), String(type));
    const plain = parsePrometheus(text);
    assertEquals(
      plain.get("shop_orders_total")?.samples.get(seriesOf("shop_orders_total", ["region", "eu"])),
      1,
    );
    assertEquals(
      plain.get("shop_visits_total")?.samples.get(seriesOf("shop_visits_total", ["page", "order"])),
      1,
    );
    assertEquals(plain.get("plain")?.samples.get(seriesOf("plain")), 3);
    assertEquals(plain.get("queue")?.samples.get(seriesOf("queue")), -1.5);
    assertEquals(
      plain.get("took_seconds")?.samples.get(seriesOf("took_seconds_bucket", ["le", "2"])),
      1,
    );
  }
});

Deno.test("prom-client's own text stays as it was, line by line", async () => {
  const theirs = await fullRegistry().metrics();
  const { text, collisions } = mergeScrapes("# TYPE up gauge\nup 1\n", theirs, "prometheus");
  assertEquals(collisions, []);
  const lines = theirs.split("\n").filter((line) => line !== "");
  assertEquals(text, ["# TYPE up gauge", "up 1", ...lines, ""].join("\n"));
});

Deno.test("a summary is handed on", async () => {
  const register = new Registry();
  new Summary({ name: "size", help: "Sizes", percentiles: [0.5], registers: [register] })
    .observe(7);
  const { text } = mergeScrapes("# EOF\n", await register.metrics(), "openmetrics");
  const expected = ["# HELP size Sizes", "# TYPE size summary", 'size{quantile="0.5"} 7'];
  assertEquals(text, [...expected, "size_sum 7", "size_count 1", "# EOF", ""].join("\n"));
});

Deno.test("a metric that both have is Busbar's, and told once", async () => {
  const register = new Registry();
  const registers = [register];
  new Counter({ name: "orders_total", help: "Orders", registers }).inc();
  // Not the same name, but one of its series has.
  new Gauge({ name: "took_seconds_count", help: "Taken", registers }).set(1);
  new Gauge({ name: "free", help: "Free", registers }).set(1);
  const told: string[] = [];
  const own = [
    "# TYPE orders counter",
    "orders_total 5",
    "# TYPE took_seconds histogram",
    'took_seconds_bucket{le="+Inf"} 2',
    "took_seconds_sum 3",
    "took_seconds_count 2",
    "# EOF",
    "",
  ].join("\n");
  const route = metricsOfBoth({
    scrape: () => Promise.resolve(own),
    register,
    onCollision: (name) => told.push(name),
  });
  const accept = "application/openmetrics-text";
  for (let round = 0; round < 2; round++) {
    const response = await route.handle(
      new Request("http://localhost/metrics", { headers: { accept } }),
    );
    const families = parseOpenMetrics(await response.text());
    assertEquals([...families.keys()], ["orders", "took_seconds", "free"]);
    assertEquals(families.get("orders")?.samples.get(seriesOf("orders_total")), 5);
  }
  assertEquals(told, ["orders_total", "took_seconds_count"]);
});

Deno.test("two counters of prom-client's that are one in OpenMetrics: the first is there", async () => {
  const register = new Registry();
  const registers = [register];
  new Counter({ name: "jobs", help: "Jobs", registers }).inc(1);
  new Counter({ name: "jobs_total", help: "Jobs, too", registers }).inc(2);
  const theirs = await register.metrics();
  const open = mergeScrapes("# EOF\n", theirs, "openmetrics");
  assertEquals(open.collisions, ["jobs_total"]);
  assertEquals([...parseOpenMetrics(open.text).keys()], ["jobs"]);
  const plain = mergeScrapes("", theirs, "prometheus");
  assertEquals([[...parsePrometheus(plain.text).keys()], plain.collisions], [
    ["jobs", "jobs_total"],
    [],
  ]);
});

Deno.test("a registry that fails or hangs costs Busbar's metrics nothing, and is told when that begins", async () => {
  const told: unknown[] = [];
  const answers = [
    () => Promise.reject(new Error("no database")),
    () => {
      throw new Error("no database");
    },
    () => Promise.resolve("# TYPE free gauge\nfree 1\n"),
    () => new Promise<string>(() => {}),
  ];
  const route = metricsOfBoth({
    scrape: () => Promise.resolve("# TYPE up gauge\nup 1\n"),
    register: { metrics: () => answers.shift()!() },
    timeoutMs: 1,
    onFailure: (error) => told.push((error as Error).message),
  });
  const scrapes: string[] = [];
  while (answers.length > 0) {
    scrapes.push(await (await route.handle(new Request("http://localhost/metrics"))).text());
  }
  const own = "# TYPE up gauge\nup 1\n";
  assertEquals(scrapes, [own, own, `${own}# TYPE free gauge\nfree 1\n`, own]);
  assertEquals(told, ["no database", "it takes longer than 1 ms"]);
});

Deno.test("a metric may have any number of series", () => {
  const series = Array.from({ length: 300_000 }, (_, i) => `free{n="${i}"} 1`).join("\n");
  const { text } = mergeScrapes("", `# TYPE free gauge\n${series}\n`, "prometheus");
  assertEquals(text.length, series.length + "# TYPE free gauge\n\n".length);
});
