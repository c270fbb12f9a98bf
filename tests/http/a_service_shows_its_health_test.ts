import { assertEquals, assertThrows } from "@std/assert";
import { createHandler, healthRoutes, type Route, statsRoute } from "@busbar/busbar/http";

async function ask(
  routes: readonly Route[],
  path: string,
): Promise<[status: number, body: string]> {
  const response = await createHandler({ routes })(new Request(`http://localhost${path}`));
  return [response.status, await response.text()];
}

Deno.test("/readyz follows what the service says, /healthz does not", async () => {
  let isReady = false;
  for (const ready of [() => isReady, () => Promise.resolve(isReady)]) {
    isReady = false;
    const routes = healthRoutes({ ready });
    assertEquals(await ask(routes, "/readyz"), [503, "not ready\n"]);
    assertEquals(await ask(routes, "/healthz"), [200, "ok\n"]);
    isReady = true;
    assertEquals(await ask(routes, "/readyz"), [200, "ok\n"]);
  }
  assertEquals(await ask(healthRoutes(), "/readyz"), [200, "ok\n"]);
});

Deno.test("/stats shows what stats returns, and is not there without", async () => {
  assertEquals((await ask(healthRoutes(), "/stats"))[0], 404);
  const handler = createHandler({
    routes: [statsRoute(() => ({ published: 3, lost: { a: 1 } }))],
  });
  const response = await handler(new Request("http://localhost/stats"));
  assertEquals(response.headers.get("content-type"), "application/json; charset=utf-8");
  assertEquals(await response.json(), { published: 3, lost: { a: 1 } });
  assertEquals(await ask([statsRoute(() => undefined)], "/stats"), [200, "null\n"]);
});

Deno.test("what is no function is refused", () => {
  assertThrows(() => healthRoutes({ ready: true as never }), TypeError, "ready must be a function");
  assertThrows(() => statsRoute({} as never), TypeError, "stats must be a function");
});
