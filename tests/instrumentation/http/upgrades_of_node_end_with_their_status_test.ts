import { assertEquals } from "@std/assert";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { instrumentListener } from "@busbar/busbar/instrumentation/http";
import { listening } from "../../support/loopback.ts";
import { observedHttp } from "../../support/observed_http.ts";

/** Asks for an upgrade, and gives what comes until the connection ends. */
function upgrade(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (part) => {
      text += new TextDecoder().decode(part);
      if (text.endsWith("hello")) socket.end();
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: shop.example\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n`,
    );
  });
}

Deno.test("an upgrade ends with the status that its listener writes", async () => {
  const service = observedHttp();
  const heads: unknown[] = [];
  const own = createServer();
  const listener = (request: IncomingMessage, socket: Socket, head: Uint8Array) => {
    heads.push(head.length);
    if (request.url === "/refused") {
      socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
      return;
    }
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n",
    );
    socket.write("hello");
    socket.on("end", () => socket.end());
  };
  own.on("upgrade", instrumentListener(service.bus, listener, { route: ["/live", "/refused"] }));
  {
    await using server = await listening(own, 0, () => {});
    const live = await upgrade(server.port, "/live");
    assertEquals([live.slice(0, 12), live.slice(-5)], ["HTTP/1.1 101", "hello"]);
    assertEquals((await upgrade(server.port, "/refused")).slice(0, 12), "HTTP/1.1 401");
    await service.ended(2);
  }
  const { ends, spans } = await service.observed();
  assertEquals(heads, [0, 0]);
  assertEquals(ends.map(({ route, status, aborted }) => [route, status, aborted]), [
    ["/live", 101, false],
    ["/refused", 401, false],
  ]);
  assertEquals(spans.map(({ name }) => name), ["GET /live", "GET /refused"]);
});
