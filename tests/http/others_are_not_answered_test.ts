import { assertEquals, assertRejects } from "@std/assert";
import { createHandler, healthRoutes, metricsRoute, serveMetrics } from "@busbar/busbar/http";
import { request as httpRequest } from "node:http";
import { networkInterfaces } from "node:os";

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
  assertEquals(await statusWithHost(open.metricsUrl, "localhost"), 200);
  // As a URL writes it, an address of IPv6 is in brackets.
  if (!hasIpv6()) return;
  await using bracketed = await serveMetrics({ hostname: "[::1]", port: 0, scrape });
  assertEquals(new URL(bracketed.metricsUrl).hostname, "[::1]");
  assertEquals(await (await fetch(bracketed.metricsUrl)).text(), "up 1\n");
  assertEquals(await statusWithHost(bracketed.metricsUrl, "evil.example"), 403);
});

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).flat().some((one) => one?.address === "::1");
}

Deno.test("where others reach it, a server needs a token, or somebody who says that it needs none", async () => {
  const scrape = () => Promise.resolve("up 1\n");
  for (const hostname of ["0.0.0.0", "::", "[::]", "10.0.0.1", "metrics.example"]) {
    const error = await assertRejects(() => serveMetrics({ hostname, port: 0, scrape }), TypeError);
    assertEquals(
      error.message,
      "Cannot serve metrics: hostname must be a loopback address, unless there is a token or " +
        `insecure: true, since others reach it, received "${hostname}"`,
    );
  }
  await assertRejects(
    () => serveMetrics({ hostname: "0.0.0.0", port: 0, scrape, token: "" }),
    TypeError,
    "token must be a text that is not empty",
  );
  await assertRejects(
    () => serveMetrics({ hostname: "0.0.0.0", port: 0, scrape, insecure: 1 as never }),
    TypeError,
    "insecure must be true or false, received 1",
  );
  const onLoopback = (url: string) => url.replace("0.0.0.0", "127.0.0.1");
  await using insecure = await serveMetrics({
    hostname: "0.0.0.0",
    port: 0,
    scrape,
    insecure: true,
  });
  assertEquals(await statusWithHost(onLoopback(insecure.metricsUrl), "any.example"), 200);
  await using guarded = await serveMetrics({
    hostname: "0.0.0.0",
    port: 0,
    scrape,
    token: "s3cret",
  });
  const url = onLoopback(guarded.metricsUrl);
  assertEquals(await statusWithHost(url, "any.example"), 401);
  const headers = { authorization: "Bearer s3cret" };
  assertEquals(await (await fetch(url, { headers })).text(), "up 1\n");
});

Deno.test("no host is heard on that is none", async () => {
  const scrape = () => Promise.resolve("up 1\n");
  for (const hostname of ["", " ", "[]"]) {
    await assertRejects(
      () => serveMetrics({ hostname, port: 0, scrape, insecure: true }),
      TypeError,
      "hostname must be a text that is not empty",
    );
  }
});
