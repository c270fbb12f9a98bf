import { assertEquals } from "@std/assert";
import { MemoryLogger } from "@busbar/busbar/testing";
import { listenOnDeno } from "../../src/http/deno_server.ts";
import { clocks } from "../../src/internal/clocks.ts";
import { nextTurn } from "../support/quiet_bus.ts";
import { steeredTime } from "../support/steered_time.ts";

/** A server of Deno's that a test lets fail. */
interface FakeServer {
  readonly port: number;
  readonly signal: AbortSignal;
  readonly handler: (request: Request) => Promise<Response>;
  readonly onError: (error: unknown) => Response;
  fail(error: Error): void;
  isShutDown: boolean;
}

/** Deno's servers without a network; those that `refused` names cannot start. */
function fakeDeno(refused: readonly number[] = []) {
  const servers: FakeServer[] = [];
  let starts = 0;
  const deno = {
    serve: (options: object, handler: FakeServer["handler"]) => {
      if (refused.includes(starts++)) throw new Error("still too many open files");
      const { promise: finished, resolve, reject: fail } = Promise.withResolvers<void>();
      const server = { ...options as FakeServer, handler, fail, isShutDown: false };
      servers.push(server);
      const shutdown = () => {
        server.isShutDown = true;
        resolve();
        return finished;
      };
      return { addr: { port: 7 }, finished, shutdown };
    },
  };
  return { deno: deno as never, servers };
}

/** Time that passes as soon as somebody waits, and how long was waited between listening. */
function quickTime(): Disposable & { readonly pausesMs: number[]; pass(ms: number): void } {
  const time = steeredTime();
  const { setTimeout } = clocks;
  const pausesMs: number[] = [];
  clocks.setTimeout = (callback, delayMs) => {
    // The time for requests in progress, of which there are none.
    if (delayMs === 1_000) return setTimeout(callback, delayMs);
    pausesMs.push(delayMs);
    time.pass(delayMs);
    return setTimeout(callback, 0);
  };
  return {
    pausesMs,
    pass: time.pass,
    [Symbol.dispose]: () => {
      clocks.setTimeout = setTimeout;
      time[Symbol.dispose]();
    },
  };
}

const ADDRESS = { hostname: "127.0.0.1", port: 0 };

Deno.test("a server that cannot accept connections is replaced at its port, and that is told", async () => {
  using time = quickTime();
  const logger = new MemoryLogger();
  const { deno, servers } = fakeDeno([1, 2, 3, 4, 5, 6]);
  const handler = () => new Response("ok");
  const server = listenOnDeno(deno, { ...ADDRESS, handler, logger });
  servers[0]?.fail(new Error("too many open files"));
  while (servers.length < 2) await nextTurn();
  // What held the file descriptors is gone, and so is the port that was free before.
  assertEquals([servers[0]?.signal.aborted, servers[0]?.port, servers[1]?.port], [true, 0, 7]);
  assertEquals(time.pausesMs.splice(0), [100, 200, 400, 800, 1_600, 2_000, 2_000]);
  const failed = "busbar: Cannot accept connections, and listens again soon: too many open files";
  const refused = "busbar: Cannot listen again at 127.0.0.1:7: still too many open files";
  assertEquals(logger.lines.splice(0), [failed, refused, refused]);
  assertEquals(await (await servers[1]?.handler(new Request("http://a")))?.text(), "ok");

  // One that fails again soon waits as long as the last; one that has listened for long does not.
  for (const [listenedMs, pauseMs] of [[10_000, 2_000], [10_001, 100], [0, 200]] as const) {
    time.pass(listenedMs);
    const before = servers.length;
    servers.at(-1)?.fail(new Error("again"));
    while (servers.length === before) await nextTurn();
    assertEquals(time.pausesMs.splice(0), [pauseMs], `${listenedMs}`);
  }
  await server.close();
  assertEquals(servers.at(-1)?.isShutDown, true);
});

Deno.test("requests in progress are answered before the connections of a failed server are cut", async () => {
  const answered = Promise.withResolvers<Response>();
  const { deno, servers } = fakeDeno();
  const options = { ...ADDRESS, handler: () => answered.promise, logger: new MemoryLogger() };
  const server = listenOnDeno(deno, options);
  const response = servers[0]?.handler(new Request("http://a"));
  servers[0]?.fail(new Error("too many open files"));
  await nextTurn();
  assertEquals(servers[0]?.signal.aborted, false);
  answered.resolve(new Response("late"));
  assertEquals(await (await response)?.text(), "late");
  while (!servers[0]?.signal.aborted) await nextTurn();
  await server.close();
});

Deno.test("a server that is closed while it is down starts no more", async () => {
  for (const end of ["close", "abort"] as const) {
    const { deno, servers } = fakeDeno();
    const options = { ...ADDRESS, handler: () => new Response(), logger: new MemoryLogger() };
    const server = listenOnDeno(deno, options);
    servers[0]?.fail(new Error("too many open files"));
    while (!servers[0]?.signal.aborted) await nextTurn();
    await server[end]();
    await nextTurn();
    assertEquals(servers.length, 1);
  }
});

Deno.test("a failure that Deno hands over is logged, and no client sees it", async () => {
  const logger = new MemoryLogger();
  const { deno, servers } = fakeDeno();
  const server = listenOnDeno(deno, { ...ADDRESS, handler: () => new Response(), logger });
  const response = servers[0]?.onError(new Error("the secret reason"));
  assertEquals([response?.status, await response?.text()], [500, "This could not be answered\n"]);
  assertEquals(logger.lines, ["busbar: Cannot answer a request: the secret reason"]);
  await server.close();
});
