import { assert, assertEquals } from "@std/assert";
import { serve } from "../../support/loopback.ts";
import { start } from "../../support/processes.ts";

const MAIN = new URL("../../../examples/http_service/main.ts", import.meta.url).pathname;

/** Starts the example, which ends with the scope. */
function startService(flags: readonly string[], args: readonly string[], env = {}) {
  const child = start(
    Deno.execPath(),
    ["run", "--no-prompt", "--quiet", ...flags, MAIN, "--port", "0", ...args],
    { env },
  );
  return {
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    /** What follows `prefix` in the first line that has it. */
    async lineWith(prefix: string): Promise<string> {
      const [, rest = ""] = await child.printed(new RegExp(`${prefix}(.*)\n`));
      return rest;
    },
    async end(): Promise<{ code: number | null; stdout: string; stderr: string }> {
      child.kill("SIGTERM");
      const { code, stdout, stderr } = await child.ended;
      // On a busy machine a handler may well be slow: that it is reported is no failure here.
      const lines = stderr.split("\n").filter((line) => !/held the event loop/.test(line));
      return { code, stdout, stderr: lines.join("\n") };
    },
  };
}

const checkout = (url: string, totalCents: number) =>
  fetch(`${url}/checkout`, {
    method: "POST",
    headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    body: JSON.stringify({ cart: "c1", totalCents }),
  }).then((response) => response.json());

Deno.test("the shop is scraped, and its logs are lines on the console", async () => {
  await using service = startService(["--allow-net=127.0.0.1"], ["--prometheus-port", "0"]);
  const url = await service.lineWith("shop: ");
  const metricsUrl = await service.lineWith("metrics: ");
  assertEquals(await checkout(url, 4_200), { status: "ok" });
  assertEquals(await checkout(url, 20_000), { status: "declined" });
  for (const body of ["null", "5", "{", ""]) {
    const answer = await fetch(`${url}/checkout`, { method: "POST", body });
    assertEquals([answer.status, await answer.json()], [400, {
      error: "cart and totalCents are needed",
    }]);
  }
  const log = JSON.parse(await service.lineWith("(?=.*checkout declined)"));
  assertEquals(log.attributes.cart, "[redacted]");
  // No spans are made, yet it is a part of the caller's trace.
  assertEquals(log.traceId, "0af7651916cd43dd8448eb211c80319c");
  const scrape = await (await fetch(metricsUrl)).text();
  assert(scrape.includes('shop_checkouts_total{status="declined"} 1\n'), scrape);
  assert(scrape.includes("shop_checkout_amount_EUR_sum 242\n"), scrape);
  const { code, stderr } = await service.end();
  assertEquals([code, stderr.split("\n")[0]], [
    143,
    `busbar: metrics at ${metricsUrl}; spans are off; log records to the standard output`,
  ]);
});

Deno.test("the shop pushes three signals of one trace, which began elsewhere", async () => {
  const spans: { name: string }[] = [];
  const signals = new Set<string>();
  await using receiver = await serve(async (request) => {
    const { pathname } = new URL(request.url);
    signals.add(pathname);
    const body = await request.text();
    for (const [name] of body.matchAll(/http\.request(?=.)|checkout(?=.)/g)) spans.push({ name });
    return new Response();
  });
  await using service = startService(["--allow-net=127.0.0.1"], [
    "--enable-tracing",
    "--otlp-endpoint",
    receiver.origin,
  ]);
  const url = await service.lineWith("shop: ");
  await checkout(url, 4_200);
  const { code, stderr } = await service.end();
  const to = (signal: string) => `pushed to ${receiver.origin}/v1/${signal}`;
  assertEquals([code, stderr.split("\n")[0]], [
    143,
    `busbar: metrics ${to("metrics")}; spans ${to("traces")}; log records ${to("logs")}`,
  ]);
  assertEquals([...signals].toSorted(), ["/v1/logs", "/v1/metrics", "/v1/traces"]);
  assert(spans.length > 0);
});

Deno.test("under OTEL_DENO=true the runtime exports them", async () => {
  await using service = startService(
    ["--allow-net=127.0.0.1", "--allow-env"],
    ["--enable-tracing"],
    {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "console",
    },
  );
  const url = await service.lineWith("shop: ");
  await checkout(url, 4_200);
  const { code, stdout, stderr } = await service.end();
  const all = stdout + stderr;
  assertEquals(code, 143);
  assert(all.includes("OTEL_DENO=true"), all);
  for (const name of ["shop.checkouts", "http.request", "checkout ok"]) {
    assert(all.includes(name), `${name} is not in\n${all}`);
  }
});
