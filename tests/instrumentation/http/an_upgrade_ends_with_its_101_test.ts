import { assertEquals } from "@std/assert";
import { instrumentHandler } from "@busbar/busbar/instrumentation/http";
import { observedHttp } from "../../support/observed_http.ts";

interface BunServer {
  readonly port: number;
  upgrade(request: Request): boolean;
  stop(now: boolean): Promise<void>;
}
interface Runtimes {
  readonly Deno?: typeof globalThis.Deno;
  readonly Bun?: { serve(options: object): BunServer };
}

/** Echoes what comes by a WebSocket, on the runtime's own server. */
function serveEcho(bus: ReturnType<typeof observedHttp>["bus"]) {
  const { Deno: deno, Bun: bun } = globalThis as Runtimes;
  if (deno?.serve !== undefined) {
    const handler = instrumentHandler(bus, (request) => {
      const { socket, response } = deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(data);
      return response;
    }, { route: "/live" });
    const server = deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
    return { port: server.addr.port, end: () => server.shutdown() };
  }
  if (bun === undefined) throw new Error("no server");
  const fetch = instrumentHandler(
    bus,
    (request, server: BunServer) => void server.upgrade(request),
    { route: "/live" },
  );
  const websocket = {
    message: (socket: { send(data: unknown): void }, data: unknown) => socket.send(data),
  };
  const server = bun.serve({ hostname: "127.0.0.1", port: 0, fetch, websocket });
  return { port: server.port, end: () => server.stop(true) };
}

Deno.test("an upgrade to a WebSocket ends with its 101, and works", async () => {
  const service = observedHttp();
  const server = serveEcho(service.bus);
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/live`);
  await new Promise((resolve) => socket.onopen = resolve);
  // It is open still.
  await service.ended(1);
  const echo = new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
  socket.send("tea");
  assertEquals(await echo, "tea");
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
  await server.end();
  const { ends, spans, records } = await service.observed();
  assertEquals(
    ends.map(({ route, status, errorType, aborted }) => [route, status, errorType, aborted]),
    [
      ["/live", 101, undefined, false],
    ],
  );
  assertEquals([spans[0]?.name, records[0]?.level], ["GET /live", "info"]);
});
