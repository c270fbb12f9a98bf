// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does an adapter add to a request? Each is called without sockets, with requests and responses
 * that are no more than what it reads: what they cost is in the first column. Then come the adapter on
 * a disabled bus, on a bus with one handler of each event, and with all of it: metrics, spans (made,
 * not exported) and an access log (built, not written). CPU time is measured, round after round in
 * turn; the median of the rounds counts. A lost event fails the bench, and so does an adapter that
 * costs more than 1 µs on a disabled bus.
 *
 * Run it with `deno task bench:http [deno | node22 | node24 | bun]`.
 *
 * @module
 */
import process from "node:process";
import { EventBus } from "../mod.ts";
import { currentContext } from "../src/context/mod.ts";
import {
  expressMiddleware,
  httpServerCatalog,
  type HttpServerEvents,
  instrumentHandler,
  instrumentListener,
} from "../src/instrumentation/http/mod.ts";
import { BusTracer } from "../src/otel/mod.ts";
import { subscribeCatalog } from "../src/subscribers/mod.ts";
import { median } from "./measure.ts";

const BURST = 200;
const ROUNDS = 31;
const BURSTS_PER_ROUND = 20;
const WARM_UP_ROUNDS = 5;
const MAX_DISABLED_NS = 1_000;
const ROUTES = ["/items", "/items/:id", "/orders/:id"];

const buses: EventBus<HttpServerEvents>[] = [];

function busOf(kind: string): EventBus<HttpServerEvents> {
  const bus = new EventBus<HttpServerEvents>({
    enabled: kind !== "disabled",
    context: currentContext,
    maxQueueSize: 100_000,
    drainBudgetMs: 60_000,
  }).start();
  buses.push(bus);
  if (kind === "one handler") bus.subscribeAll(() => {});
  if (kind === "all of it") {
    const tracer = new BusTracer({
      scopeName: "bench",
      processor: {
        onStart() {},
        onEnd() {},
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    });
    subscribeCatalog(bus, httpServerCatalog, {
      collect: true,
      tracer,
      sink: () => {},
      maxPerSecond: Infinity,
    });
  }
  return bus;
}

const HEADERS: Readonly<Record<string, string>> = {
  host: "shop.example",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};

class WebRequest {
  readonly method = "GET";
  readonly url = "http://shop.example/items/7?a=1";
  readonly headers = { get: (name: string) => HEADERS[name] ?? null };
}

class Incoming {
  readonly method = "GET";
  readonly url = "/items/7?a=1";
  readonly headers = HEADERS;
  readonly httpVersion = "1.1";
  readonly socket = {};
  readonly route = { path: "/items/:id" };
}

class Outgoing {
  readonly statusCode = 200;
  readonly headersSent = true;
  finish: (() => void) | undefined;
  getHeader() {}
  on(event: string, listener: () => void) {
    if (event === "finish") this.finish = listener;
  }
}

const response = {
  status: 200,
  headers: new Headers({ "content-length": "3" }),
};

/** Each adapter's request, with a bus of a kind or, without one, with no adapter. */
const ADAPTERS: Readonly<
  Record<string, (bus: EventBus<HttpServerEvents> | undefined) => () => void>
> = {
  instrumentHandler(bus) {
    const handler = (_request: WebRequest) => response;
    const used = bus === undefined
      ? handler
      : instrumentHandler(bus, handler as never, { route: ROUTES });
    return () => void used(new WebRequest() as never);
  },
  instrumentListener(bus) {
    const listener = (_request: Incoming, outgoing: Outgoing) => outgoing.finish?.();
    const used = bus === undefined ? listener : instrumentListener(bus, listener, {
      route: ROUTES,
    });
    return () => used(new Incoming(), new Outgoing());
  },
  expressMiddleware(bus) {
    const used = bus && expressMiddleware(bus);
    return () => {
      const outgoing = new Outgoing();
      const next = () => outgoing.finish?.();
      if (used === undefined) next();
      else used(new Incoming(), outgoing, next);
    };
  },
};

const KINDS = ["disabled", "one handler", "all of it"];
const contenders = Object.entries(ADAPTERS).flatMap(([name, make]) =>
  [undefined, ...KINDS].map((kind) => ({
    name: `${name}, ${kind ?? "none"}`,
    request: make(kind === undefined ? undefined : busOf(kind)),
  }))
);

async function cpuNs(request: () => void): Promise<number> {
  const before = process.cpuUsage();
  for (let burst = 0; burst < BURSTS_PER_ROUND; burst++) {
    for (let i = 0; i < BURST; i++) request();
    await null;
    await null;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1_000 / (BURST * BURSTS_PER_ROUND);
}

const rounds = new Map<string, number[]>();
for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
  for (const { name, request } of contenders) {
    const ns = await cpuNs(request);
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (round >= 0) rounds.set(name, [...rounds.get(name) ?? [], ns]);
  }
}

let failed = false;
for (const bus of buses) {
  const { timedOut } = await bus.stop();
  const { published, delivered } = bus.stats();
  const lost = published - delivered;
  if (timedOut || lost > 0) {
    console.error(`${lost} events were lost`);
    failed = true;
  }
}

console.log("ns of CPU time a request, above what the request itself costs");
for (const adapter of Object.keys(ADAPTERS)) {
  const of = (kind: string) => median(rounds.get(`${adapter}, ${kind}`) ?? []);
  const none = of("none");
  const added = KINDS.map((kind) => of(kind) - none);
  console.log(
    `${adapter.padEnd(20)} itself ${none.toFixed(0)}, ` +
      KINDS.map((kind, i) => `${kind} ${added[i]!.toFixed(0)}`).join(", "),
  );
  if (added[0]! > MAX_DISABLED_NS) {
    console.error(`It costs more than ${MAX_DISABLED_NS} ns on a disabled bus`);
    failed = true;
  }
}
if (failed) process.exitCode = 1;
