import { assert, assertEquals } from "@std/assert";
import { TextLineStream } from "../../support/text_line_stream.ts";

const MAIN = new URL("../../../examples/http_service/main.ts", import.meta.url).pathname;

/** Starts the example and hands out its lines as they come. */
function startService(flags: readonly string[], args: readonly string[], env = {}) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", ...flags, MAIN, "--port", "0", ...args],
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
    .getReader();
  const stderr = new Response(child.stderr).text();
  return {
    async lineWith(part: string): Promise<string> {
      const seen: string[] = [];
      while (true) {
        const { value, done } = await lines.read();
        if (done) throw new Error(`no line with ${part} in\n${seen.join("\n")}\n${await stderr}`);
        seen.push(value);
        if (value.includes(part)) return value;
      }
    },
    async end(): Promise<{ code: number; rest: string; stderr: string }> {
      child.kill("SIGTERM");
      const rest: string[] = [];
      while (true) {
        const { value, done } = await lines.read();
        if (done) break;
        rest.push(value);
      }
      const { code } = await child.status;
      // On a busy machine a handler may well be slow: that it is told is no failure here.
      const told = (await stderr).split("\n").filter((line) => !/held the event loop/.test(line));
      return { code, rest: rest.join("\n"), stderr: told.join("\n") };
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
  const service = startService(["--allow-net=127.0.0.1"], ["--prometheus-port", "0"]);
  const url = (await service.lineWith("shop: ")).slice("shop: ".length);
  const metricsUrl = (await service.lineWith("metrics: ")).slice("metrics: ".length);
  assertEquals(await checkout(url, 4_200), { status: "ok" });
  assertEquals(await checkout(url, 20_000), { status: "declined" });
  for (const body of ["null", "5", "{", ""]) {
    const answer = await fetch(`${url}/checkout`, { method: "POST", body });
    assertEquals([answer.status, await answer.json()], [400, {
      error: "cart and totalCents are needed",
    }]);
  }
  const log = JSON.parse(await service.lineWith("checkout declined"));
  assertEquals(log.attributes.cart, "[redacted]");
  assertEquals(log.traceId, undefined);
  const scrape = await (await fetch(metricsUrl)).text();
  assert(scrape.includes('shop_checkouts_total{status="declined"} 1\n'), scrape);
  assert(scrape.includes("shop_checkout_amount_EUR_sum 242\n"), scrape);
  const { code, stderr } = await service.end();
  assertEquals([code, stderr], [143, ""]);
});

Deno.test("the shop pushes three signals of one trace, which began elsewhere", async () => {
  const spans: { name: string }[] = [];
  const signals = new Set<string>();
  const receiver = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      signals.add(pathname);
      const body = await request.text();
      for (const [name] of body.matchAll(/http\.request(?=.)|checkout(?=.)/g)) {
        spans.push({ name });
      }
      return new Response(new Uint8Array());
    },
  );
  const endpoint = `http://127.0.0.1:${receiver.addr.port}`;
  const service = startService(["--allow-net=127.0.0.1"], [
    "--enable-tracing",
    "--otlp-endpoint",
    endpoint,
  ]);
  const url = (await service.lineWith("shop: ")).slice("shop: ".length);
  await checkout(url, 4_200);
  const { code, stderr } = await service.end();
  assertEquals([code, stderr], [143, ""]);
  assertEquals([...signals].toSorted(), ["/v1/logs", "/v1/metrics", "/v1/traces"]);
  assert(spans.length > 0);
  await receiver.shutdown();
});

Deno.test("under OTEL_DENO=true the runtime exports them", async () => {
  const service = startService(["--allow-net=127.0.0.1", "--allow-env"], ["--enable-tracing"], {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "console",
  });
  const url = (await service.lineWith("shop: ")).slice("shop: ".length);
  await checkout(url, 4_200);
  const { code, rest, stderr } = await service.end();
  const all = rest + stderr;
  assertEquals(code, 143);
  assert(all.includes("OTEL_DENO=true"), all);
  for (const name of ["shop.checkouts", "http.request", "checkout ok"]) {
    assert(all.includes(name), `${name} is not in\n${all}`);
  }
});
