import { assertEquals } from "@std/assert";
import { createHandler, healthRoutes, metricsRoute, serveMetrics } from "@busbar/busbar/http";
import { request as httpRequest } from "node:http";

const routes = [metricsRoute({ scrape: () => Promise.resolve("up 1\n") }), ...healthRoutes()];

Deno.test("host names that are not allowed get 403, those of loopback are answered", async () => {
  const handler = createHandler({ routes, allowedHosts: ["Metrics.example"] });
  const statusFor = async (host: string, path = "/metrics") => {
    const response = await handler(new Request(`http://${host}${path}`));
    await response.body?.cancel();
    return response.status;
  };
  for (
    const host of [
      "metrics.example",
      "METRICS.EXAMPLE:9464",
      "localhost",
      "a.localhost:1",
      "127.0.0.1:9464",
      "127.9.9.9",
      "[::1]:80",
    ]
  ) {
    assertEquals(await statusFor(host), 200, host);
  }
  for (
    const host of [
      "evil.example",
      "metrics.example.evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "10.0.0.1",
      "[::2]",
    ]
  ) {
    assertEquals(await statusFor(host), 403, host);
    assertEquals(await statusFor(host, "/absent"), 403, host);
    // A probe comes with the address of the machine.
    assertEquals(await statusFor(host, "/healthz"), 200, host);
  }
  const any = createHandler({ routes, allowedHosts: ["*"] });
  assertEquals((await any(new Request("http://evil.example/metrics"))).status, 200);
  const unset = createHandler({ routes, allowedHosts: undefined });
  assertEquals((await unset(new Request("http://evil.example/metrics"))).status, 200);
});

Deno.test("without the token there is 401, but for routes that are public", async () => {
  const handler = createHandler({ routes, token: "s3cret" });
  const ask = async (authorization: string | undefined, path = "/metrics") => {
    const headers: HeadersInit = authorization === undefined ? {} : { authorization };
    const response = await handler(new Request(`http://localhost${path}`, { headers }));
    await response.body?.cancel();
    return [response.status, response.headers.get("www-authenticate")];
  };
  for (const good of ["Bearer s3cret", "bearer  s3cret"]) assertEquals((await ask(good))[0], 200);
  for (
    const bad of [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      "Bearer s3cre",
      "Bearer s3crets",
      "Bearer s3crets3cret",
      "Bearer S3CRET",
      "Bearer x3cret",
      "Basic s3cret",
      "s3cret",
    ]
  ) {
    assertEquals(await ask(bad), [401, "Bearer"], bad);
    assertEquals((await ask(bad, "/absent"))[0], 401);
    assertEquals((await ask(bad, "/healthz"))[0], 200);
    assertEquals((await ask(bad, "/readyz"))[0], 200);
  }
});

/** `fetch` sets this header itself. */
function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers: { host }, agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    });
    request.on("error", reject);
    request.end();
  });
}

Deno.test("a server on loopback answers for loopback names, unless it allows others", async () => {
  const scrape = () => Promise.resolve("up 1\n");
  await using strict = await serveMetrics({ port: 0, scrape });
  assertEquals(await statusWithHost(strict.metricsUrl, "evil.example"), 403);
  assertEquals(await statusWithHost(strict.metricsUrl, "localhost:1"), 200);
  await using open = await serveMetrics({ port: 0, scrape, allowedHosts: ["good.example"] });
  assertEquals(await statusWithHost(open.metricsUrl, "good.example"), 200);
  assertEquals(await statusWithHost(open.metricsUrl, "evil.example"), 403);
  await using elsewhere = await serveMetrics({ hostname: "0.0.0.0", port: 0, scrape });
  const url = elsewhere.metricsUrl.replace("0.0.0.0", "127.0.0.1");
  assertEquals(await statusWithHost(url, "any.example"), 200);
});
