import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createHandler } from "@busbar/busbar/http";
import { createApiRoutes } from "../../../examples/kv_cache_server/api/api_routes.ts";
import { MAX_BODY_BYTES, MAX_CHUNKS } from "../../../examples/kv_cache_server/api/request_body.ts";
import { openCache } from "../../support/kv_cache_server.ts";

const ID = "must be an integer, or a string of 1 to 128 characters";
const JSON_TYPE = { "content-type": "application/json" };

async function openApi() {
  const server = await openCache({ l1: 3, l2: 10 });
  const reported: string[] = [];
  const handler = createHandler({
    routes: createApiRoutes(server.cache, server.bus, (text) => reported.push(text)),
  });
  const send = async (path: string, init: RequestInit) => {
    const response = await handler(new Request(`http://localhost${path}`, init));
    assertEquals(response.headers.get("cache-control"), "no-store");
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return {
    server,
    reported,
    handler,
    send,
    post: (path: string, body: unknown) =>
      send(path, { method: "POST", headers: JSON_TYPE, body: JSON.stringify(body) }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

Deno.test("a client stores, looks up and retrieves, and each tenant sees its own", async () => {
  await using api = await openApi();
  const alice = { model: "m", tenant: "alice", session: "s1" };
  const stored = await api.post("/v1/store", { ...alice, chunks: [1, 2, "three", 4] });
  assertEquals([stored.status, stored.body], [200, {
    session: "s1",
    storedChunks: 4,
    failedChunks: 0,
  }]);
  const found = await api.post("/v1/lookup", { ...alice, chunks: [1, 2, "3"] });
  assertEquals(found.body, {
    session: "s1",
    foundChunks: 2,
    // L1 holds three chunks: bringing 1 back costs 2 its place, which comes back at once.
    l1Chunks: 0,
    l2Chunks: 2,
    requestedTokens: 3 * 512,
    hitTokens: 2 * 512,
  });
  const retrieved = await api.post("/v1/retrieve", { ...alice, chunks: [1, 9] });
  assertEquals(retrieved.body, { session: "s1", retrievedChunks: 1, totalBytes: 64, missing: [9] });

  for (const other of [{ model: "m", tenant: "bob" }, { model: "n", tenant: "alice" }]) {
    const { body } = await api.post("/v1/lookup", { ...other, chunks: [1] });
    assertEquals(body.foundChunks, 0);
  }
  const events = await api.server.published();
  const requests = events.filter(({ type }) => type.startsWith("mp.request."));
  assertEquals(requests.length, 2 * 5);
  const scrape = await api.server.scrape();
  assertEquals(
    scrape['lmcache_mp_lookup_hit_tokens_total{model_name="m",cache_salt="alice"}'],
    2 * 512,
  );
  assertEquals(
    scrape[
      'lmcache_mp_num_chunks_loaded_total{worker_id="engine-0",model_name="m",cache_salt="alice"}'
    ],
    1,
  );
});

Deno.test("without a session each request is one of its own", async () => {
  await using api = await openApi();
  const first = await api.post("/v1/lookup", { chunks: [1] });
  const second = await api.post("/v1/lookup", { chunks: [1] });
  assert(first.body.session !== second.body.session);
});

Deno.test("a body that is not what is asked for gets 400 and the rule", async () => {
  await using api = await openApi();
  const cases: [unknown, string][] = [
    [[], "the body must be a JSON object, received []"],
    [{}, "chunks must be a list of at least one id, received undefined"],
    [{ chunks: [] }, "chunks must be a list of at least one id, received []"],
    [{ chunks: [1, 1.5] }, `chunks[1] ${ID}, received 1.5`],
    [{ chunks: [""] }, `chunks[0] ${ID}, received ""`],
    [{ chunks: ["\x1bx".repeat(70)] }, `chunks[0] ${ID}, received "\\u001bx\\u001bx`],
    [{ chunks: [1], model: "" }, 'model must be a string of 1 to 128 characters, received ""'],
    [{ chunks: [1], tenant: 7 }, "tenant must be a string of 0 to 128 characters, received 7"],
    [{ chunks: [1], session: "" }, 'session must be a string of 1 to 128 characters, received ""'],
    [{ chunks: [1], nonsense: 1 }, 'there is no field "nonsense"'],
  ];
  for (const [body, rule] of cases) {
    const { status, body: answer } = await api.post("/v1/lookup", body);
    assertEquals(status, 400);
    assertStringIncludes(answer.error, rule);
  }
  for (const body of ["{", "", new Uint8Array([0x22, 0xff, 0x22])]) {
    const init = { method: "POST", headers: JSON_TYPE, body };
    const { status, body: answer } = await api.send("/v1/store", init);
    assertEquals([status, answer.error], [400, "the body must be JSON in UTF-8"]);
  }
  const types = new Set((await api.server.types()).map((type) => type.split(".")[0]));
  assertEquals([...types], ["http"]); // the cache has not heard of them
  assertEquals(api.reported, []);
});

Deno.test("other methods, paths, types and sizes are refused", async () => {
  await using api = await openApi();
  const get = await api.handler(new Request("http://localhost/v1/lookup"));
  assertEquals([get.status, get.headers.get("allow")], [405, "POST"]);
  const nothing = await api.handler(new Request("http://localhost/v1/nothing"));
  assertEquals(nothing.status, 404);
  const text = { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" };
  assertEquals((await api.send("/v1/lookup", text)).status, 415);

  const many = await api.post("/v1/store", { chunks: new Array(MAX_CHUNKS + 1).fill(1) });
  assertEquals([many.status, many.body], [413, {
    error: `chunks must be at most ${MAX_CHUNKS}, received ${MAX_CHUNKS + 1}`,
  }]);
  const huge = `{"chunks":["${"x".repeat(MAX_BODY_BYTES)}"]}`;
  const known = { method: "POST", headers: JSON_TYPE, body: huge };
  assertEquals((await api.send("/v1/lookup", known)).status, 413);
  // A length that is missing, or wrong, makes no difference.
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent++;
      controller.enqueue(new Uint8Array(100_000).fill(0x20));
    },
  });
  const stream = { method: "POST", headers: JSON_TYPE, body: endless };
  assertEquals((await api.send("/v1/lookup", stream)).status, 413);
  assert(sent < 20);
});

Deno.test("a cache that fails is reported here, and not to the client", async () => {
  await using api = await openApi();
  api.server.cache.lookUp = () => Promise.reject(new Error("secret\x1b[2J"));
  const { status, body } = await api.post("/v1/lookup", { chunks: [1] });
  assertEquals([status, body], [500, { error: "the request failed" }]);
  assertStringIncludes(api.reported.join(), "Cannot answer /v1/lookup: Error: secret\\u001b[2J");
});
