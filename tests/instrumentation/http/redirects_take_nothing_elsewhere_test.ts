import { assert, assertEquals, assertRejects } from "@std/assert";
import { withSession } from "@busbar/busbar/context";
import { instrumentFetch } from "@busbar/busbar/instrumentation/http";
import { type LoopbackServer, serve } from "../../support/loopback.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const SESSION = { traceparent: TRACEPARENT, baggage: { tenant: "a" } };

/** What a server was asked. */
interface Asked {
  readonly server: "own" | "other";
  readonly path: string;
  readonly method: string;
  readonly body: string;
  readonly headers: Headers;
}

/**
 * Two servers, of which only the first is asked for: `/STATUS/to/URL` redirects, all else answers.
 */
async function servers() {
  const asked: Asked[] = [];
  const listen = (server: Asked["server"]) =>
    serve(async (request) => {
      const { pathname } = new URL(request.url);
      const body = await request.text();
      asked.push({
        server,
        path: pathname,
        method: request.method,
        body,
        headers: request.headers,
      });
      const [, status, location] = /^\/(30\d)\/to\/(.*)$/.exec(pathname) ?? [];
      return status === undefined ? new Response("here") : new Response(null, {
        status: Number(status),
        headers: location === "" ? {} : { location: decodeURIComponent(location ?? "") },
      });
    });
  const [own, other]: LoopbackServer[] = [await listen("own"), await listen("other")];
  return {
    own: own!,
    other: other!,
    asked,
    fetch: instrumentFetch({ origins: [own!.origin], baggage: ["tenant"] }),
    [Symbol.asyncDispose]: async () => {
      await own![Symbol.asyncDispose]();
      await other![Symbol.asyncDispose]();
    },
  };
}

const to = (status: number, url: string) => `/${status}/to/${encodeURIComponent(url)}`;
const sentTo = ({ headers }: Asked) => [headers.get("traceparent"), headers.get("baggage")];

Deno.test("a redirect to elsewhere takes no headers there, and one back has them again", async () => {
  await using both = await servers();
  const { own, other, asked, fetch } = both;
  const back = `${other.origin}${to(302, `${own.origin}/end`)}`;
  const response = await withSession(SESSION, () => fetch(`${own.origin}${to(302, back)}`));
  assertEquals(await response.text(), "here");
  assertEquals([response.url, response.redirected], [`${own.origin}/end`, true]);
  assertEquals(asked.map(({ server }) => server), ["own", "other", "own"]);
  assertEquals(asked.map(sentTo), [[TRACEPARENT, "tenant=a"], [null, null], [
    TRACEPARENT,
    "tenant=a",
  ]]);
});

Deno.test("methods and bodies change as the standard says", async () => {
  const rows: [status: number, method: string, becomes: string][] = [
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "POST", "GET"],
    [307, "POST", "POST"],
    [308, "POST", "POST"],
    [301, "PUT", "PUT"],
    [303, "PUT", "GET"],
    [303, "HEAD", "HEAD"],
    [302, "GET", "GET"],
  ];
  await using both = await servers();
  const { own, asked, fetch } = both;
  for (const [status, method, becomes] of rows) {
    asked.length = 0;
    const hasBody = method !== "GET" && method !== "HEAD";
    const init = {
      method,
      headers: { "content-type": "text/tea", "x-own": "1" },
      ...(hasBody ? { body: "tea" } : {}),
    };
    const response = await withSession(
      SESSION,
      () => fetch(`${own.origin}${to(status, "/end")}`, init),
    );
    await response.text();
    const end = asked.at(-1)!;
    const keepsBody = hasBody && becomes === method;
    assertEquals(
      [end.path, end.method, end.body, end.headers.get("x-own")],
      ["/end", becomes, keepsBody ? "tea" : "", "1"],
      `${status} ${method}`,
    );
    if (!keepsBody && hasBody) assertEquals(end.headers.get("content-type"), null);
    else assertEquals(end.headers.get("content-type"), "text/tea");
  }
});

Deno.test("a request keeps its method on the way, and what is for one origin stays there", async () => {
  await using both = await servers();
  const { own, other, asked, fetch } = both;
  const request = new Request(`${own.origin}${to(307, `${other.origin}/end`)}`, {
    method: "DELETE",
    headers: { authorization: "Bearer t", "x-own": "1" },
  });
  await (await withSession(SESSION, () => fetch(request))).text();
  const end = asked.at(-1)!;
  assertEquals([end.server, end.method], ["other", "DELETE"]);
  assertEquals([end.headers.get("authorization"), end.headers.get("x-own")], [null, "1"]);
});

Deno.test("who does not want redirects followed has the answer", async () => {
  await using both = await servers();
  const { own, asked, fetch } = both;
  const url = `${own.origin}${to(302, "/end")}`;
  const response = await withSession(SESSION, () => fetch(url, { redirect: "manual" }));
  await response.body?.cancel();
  assert([302, 0].includes(response.status));
  await assertRejects(() => withSession(SESSION, () => fetch(url, { redirect: "error" })));
  assertEquals(new Set(asked.map(({ path }) => path)), new Set([decodeURI(new URL(url).pathname)]));
});

Deno.test("a redirect to nowhere is the answer, and one that is none an error", async () => {
  await using both = await servers();
  const { own, asked, fetch } = both;
  const response = await withSession(SESSION, () => fetch(`${own.origin}/302/to/`));
  await response.body?.cancel();
  assertEquals([response.status, response.redirected], [302, false]);
  for (const location of ["ftp://elsewhere.example/", "http://[nonsense"]) {
    await assertRejects(
      () => withSession(SESSION, () => fetch(`${own.origin}${to(302, location)}`)),
      TypeError,
      "it redirects to what is no HTTP URL",
    );
  }
  assertEquals(asked.length, 3);
});

Deno.test("a circle of redirects ends", async () => {
  let asked = 0;
  await using server = await serve(() => {
    asked++;
    return new Response(null, { status: 302, headers: { location: "/" } });
  });
  const fetch = instrumentFetch({ origins: [server.origin] });
  await assertRejects(
    () => withSession(SESSION, () => fetch(server.origin)),
    TypeError,
    "too many redirects",
  );
  assertEquals(asked, 21);
});

Deno.test("an abort ends it on the way", async () => {
  const controller = new AbortController();
  await using both = await servers();
  const { own, fetch } = both;
  const inner: typeof fetch = (input, init) => {
    if (String(input).endsWith("/end")) controller.abort(new Error("enough"));
    return globalThis.fetch(input, init);
  };
  const aborted = instrumentFetch({ origins: [own.origin], fetch: inner });
  const request = new Request(`${own.origin}${to(302, "/end")}`, { signal: controller.signal });
  await assertRejects(() => withSession(SESSION, () => aborted(request)), Error, "enough");
});

Deno.test("credentials in a redirect stop none within its origin", async () => {
  await using both = await servers();
  const { own, asked, fetch } = both;
  const target = own.origin.replace("//", "//user:secret@");
  const response = await withSession(
    SESSION,
    () => fetch(`${own.origin}${to(302, `${target}/end`)}`),
  );
  assertEquals([await response.text(), response.url], ["here", `${own.origin}/end`]);
  assertEquals(asked.length, 2);
});
