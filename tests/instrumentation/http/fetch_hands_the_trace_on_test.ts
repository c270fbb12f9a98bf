import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { withSession } from "@busbar/busbar/context";
import { type Fetch, instrumentFetch } from "@busbar/busbar/instrumentation/http";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER = "00-11111111111111111111111111111111-2222222222222222-00";
const SESSION = {
  traceparent: TRACEPARENT,
  tracestate: "vendor=1",
  baggage: { tenant: "café, crème", plan: "a", secret: "s" },
};
const ORIGINS = ["https://stock.example"];
const URL_ASKED = "https://stock.example/tea";

/** A fetch that sends nothing, and the requests that it was to send. */
function recording(): { readonly requests: Request[]; readonly fetch: Fetch } {
  const requests: Request[] = [];
  return {
    requests,
    fetch(input, init) {
      requests.push(new Request(input, init));
      return Promise.resolve(new Response());
    },
  };
}

/** The headers that a request in the session gets. */
async function sent(
  input: string | URL | Request,
  init?: RequestInit,
  { origins = ORIGINS, baggage }: { origins?: readonly string[]; baggage?: readonly string[] } = {},
) {
  const { requests, fetch: inner } = recording();
  const fetch = instrumentFetch({ origins, baggage, fetch: inner });
  await withSession(SESSION, () => fetch(input, init));
  const [request] = requests;
  const get = (name: string) => request!.headers.get(name);
  return {
    request: request!,
    trace: [get("traceparent"), get("tracestate")],
    baggage: get("baggage"),
  };
}

Deno.test("a request to where it is asked for has the trace", async () => {
  for (const input of [URL_ASKED, new URL(URL_ASKED), new Request(URL_ASKED)]) {
    const { trace, baggage, request } = await sent(input);
    assertEquals(trace, [TRACEPARENT, "vendor=1"]);
    assertEquals(baggage, null);
    assertEquals([request.method, request.url], ["GET", URL_ASKED]);
  }
});

Deno.test("nothing goes to where it is not asked for", async () => {
  const asked: [origin: string, url: string, isAsked: boolean][] = [
    ["https://a.example", "https://a.example/", true],
    ["https://a.example", "https://A.example:443/x", true],
    ["https://a.example", "http://a.example/", false],
    ["https://a.example", "https://a.example:8443/", false],
    ["https://a.example", "https://b.a.example/", false],
    ["https://a.example", "https://a.example.evil/", false],
    ["https://a.example", "https://evil/?https://a.example", false],
    ["https://a.example", "https://a.example@evil/", false],
    ["https://*.a.example", "https://b.a.example/", true],
    ["https://*.a.example", "https://c.b.a.example/", true],
    ["https://*.a.example", "https://a.example/", false],
    ["https://*.a.example", "https://.a.example/", false],
    ["https://*.a.example", "https://evila.example/", false],
    ["https://*.a.example:8443", "https://b.a.example:8443/", true],
    ["https://*.a.example:8443", "https://b.a.example/", false],
    ["http://127.0.0.1:80", "http://127.0.0.1/", true],
    ["http://[::1]:8080", "http://[::1]:8080/", true],
    ["*", "https://anywhere.example/", true],
  ];
  for (const [origin, url, isAsked] of asked) {
    let traceparent: string | null | undefined;
    const fetch = instrumentFetch({
      origins: [origin],
      // Some of these no `Request` takes.
      fetch: (_input, init) => {
        traceparent = new Headers(init?.headers).get("traceparent");
        return Promise.resolve(new Response());
      },
    });
    await withSession(SESSION, () => fetch(url));
    assertEquals(traceparent, isAsked ? TRACEPARENT : null, `${origin} ${url}`);
  }
  const nowhere = await sent(URL_ASKED, undefined, { origins: [] });
  assertEquals(nowhere.trace, [null, null]);
});

Deno.test("what is no HTTP goes out as it is, also where everything is asked for", async () => {
  const calls: unknown[][] = [];
  const fetch = instrumentFetch({
    origins: ["*"],
    fetch: (...args) => {
      calls.push(args);
      return Promise.resolve(new Response());
    },
  });
  const init = { method: "GET" };
  await withSession(SESSION, async () => {
    await fetch("data:text/plain,a", init);
    await fetch("https://[nonsense", init);
  });
  assertEquals(calls.length, 2);
  for (const [, given] of calls) assertStrictEquals(given, init);
});

Deno.test("outside of all sessions a request goes out as it is", async () => {
  const { requests, fetch: inner } = recording();
  const fetch = instrumentFetch({ origins: ["*"], baggage: ["tenant"], fetch: inner });
  await fetch(URL_ASKED);
  await withSession({}, () => fetch(URL_ASKED));
  await withSession({ traceparent: "nonsense" }, () => fetch(URL_ASKED));
  assertEquals(requests.map(({ headers }) => [...headers].length), [0, 0, 0]);
});

Deno.test("baggage goes out by name, with what a request has already", async () => {
  const baggage = ["tenant", "nothing", "plan"];
  assertEquals(
    (await sent(URL_ASKED, {}, { baggage })).baggage,
    "tenant=caf%C3%A9%2C%20cr%C3%A8me,plan=a",
  );
  const own = { headers: { baggage: "own=1" } };
  assertEquals((await sent(URL_ASKED, own, { baggage: ["plan"] })).baggage, "own=1,plan=a");
  const full = { headers: { baggage: `own=${"x".repeat(8_188)}` } };
  assertEquals((await sent(URL_ASKED, full, { baggage: ["plan"] })).baggage, full.headers.baggage);
});

Deno.test("of baggage that no header can hold, the rest goes out", async () => {
  const { requests, fetch: inner } = recording();
  const names = ["half", "number", "long", "good"];
  const fetch = instrumentFetch({ origins: ORIGINS, baggage: names, fetch: inner });
  const baggage = { half: "\ud800", number: 5 as never, long: "x".repeat(9_000), good: "1" };
  await withSession({ baggage }, () => fetch(URL_ASKED));
  assertEquals(requests[0]?.headers.get("baggage"), "good=1");
});

Deno.test("baggage goes out up to a length, and what fits behind what does not", async () => {
  const lengthOf = async (baggage: Record<string, string>) => {
    const { requests, fetch: inner } = recording();
    const names = [...Object.keys(baggage), "toString"];
    const fetch = instrumentFetch({ origins: ORIGINS, baggage: names, fetch: inner });
    await withSession({ baggage }, () => fetch(URL_ASKED));
    return requests[0]!.headers.get("baggage")?.split(",").map(({ length }) => length);
  };
  const value = (length: number) => "x".repeat(length - "a=".length);
  // 8,192 characters with the comma.
  assertEquals(await lengthOf({ a: value(8_192) }), [8_192]);
  assertEquals(await lengthOf({ a: value(8_193) }), undefined);
  assertEquals(await lengthOf({ a: value(4_000), b: value(4_191) }), [4_000, 4_191]);
  assertEquals(await lengthOf({ a: value(4_000), b: value(4_192) }), [4_000]);
  assertEquals(await lengthOf({ a: value(4_000), b: value(5_000), c: value(4_191) }), [
    4_000,
    4_191,
  ]);
  assertEquals(await lengthOf({ a: value(3_000), b: value(3_000), c: value(2_190) }), [
    3_000,
    3_000,
    2_190,
  ]);
  assertEquals(await lengthOf({ a: value(3_000), b: value(3_000), c: value(2_191) }), [
    3_000,
    3_000,
  ]);
});

Deno.test("a trace that a request has already is kept", async () => {
  const inits: RequestInit[] = [
    { headers: { traceparent: OTHER } },
    { headers: new Headers({ traceparent: OTHER }) },
    { headers: [["Traceparent", OTHER]] },
  ];
  for (const init of inits) {
    assertEquals((await sent(URL_ASKED, init)).trace, [OTHER, null]);
    assertEquals((await sent(new Request(URL_ASKED, init))).trace, [OTHER, null]);
  }
});

Deno.test("all else of a request stays as it is", async () => {
  const { signal } = new AbortController();
  const init: RequestInit = {
    method: "POST",
    headers: { "x-own": "1" },
    body: "tea",
    signal,
    redirect: "manual",
  };
  const ways: [input: string | Request, init: RequestInit | Request | undefined][] = [
    [URL_ASKED, init],
    [new Request(URL_ASKED, init), undefined],
    [new Request(URL_ASKED), init],
    [URL_ASKED, new Request(URL_ASKED, init)],
  ];
  for (const [input, given] of ways) {
    const { request, trace } = await sent(input, given as RequestInit);
    assertEquals(trace[0], TRACEPARENT);
    assertEquals(
      [request.method, request.headers.get("x-own"), await request.text(), request.redirect],
      ["POST", "1", "tea", "manual"],
    );
  }
  // A request's own headers are replaced by those of the init, as `fetch` does.
  const replaced = await sent(new Request(URL_ASKED, { headers: { "x-own": "1" } }), {
    headers: { "x-other": "2" },
  });
  const { headers } = replaced.request;
  assertEquals([headers.get("x-own"), headers.get("x-other")], [null, "2"]);
});

Deno.test("options that are none are refused", () => {
  const rule = 'origins must be origins such as "https://stock.example", ' +
    '"https://*.stock.example" or "*", received ';
  const refused: [options: unknown, message: string][] = [
    [null, "options must be an object, received null"],
    [{ origin: [] }, 'there is no option "origin"; did you mean "origins"?'],
    [{ origins: "https://a.example" }, `${rule}"https://a.example"`],
    ...[
      "a.example",
      "https://a.example/",
      "https://a.example/x",
      "ftp://a.example",
      "",
      "https://*",
    ]
      .map((origin): [unknown, string] => [{ origins: [origin] }, rule + JSON.stringify([origin])]),
    ...["https://a.*.example", "https://**.example", "https://u@a.example", "null"]
      .map((origin): [unknown, string] => [{ origins: [origin] }, rule + JSON.stringify([origin])]),
    [{ origins: [5] }, `${rule}[5]`],
    [{ baggage: "tenant" }, "baggage must be a list of names that a header can hold, received"],
    [{ baggage: ["a b"] }, "baggage must be a list of names that a header can hold, received"],
    [{ fetch: 5 }, "fetch must be a function, received 5"],
  ];
  for (const [options, message] of refused) {
    assertThrows(
      () => instrumentFetch(options as never),
      TypeError,
      `Cannot instrument fetch: ${message}`,
    );
  }
});
