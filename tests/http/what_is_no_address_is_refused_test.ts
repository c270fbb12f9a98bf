import { assertEquals } from "@std/assert";
import { createHandler } from "@busbar/busbar/http";

const handler = createHandler({
  routes: [{
    path: "/where",
    handle: (request) => {
      const { method, url } = request;
      return new Response(`${method} ${url}`);
    },
  }],
  allowedHosts: ["shop.example"],
});

/** A request whose address and host are as a runtime may hand them on: as the client wrote them. */
async function ask(url: string, host?: string): Promise<string> {
  const request = new Request("http://unused.example/", { method: "GET" });
  const headers = new Headers(host === undefined ? {} : { host });
  Object.defineProperties(request, { url: { value: url }, headers: { value: headers } });
  const response = await handler(request);
  const text = await response.text();
  return response.ok ? text : `${response.status}`;
}

Deno.test("a route gets a whole address, also where a runtime has the path alone", async () => {
  for (
    const [url, host, expected] of [
      ["http://shop.example/where?a", "shop.example", "GET http://shop.example/where?a"],
      ["/where?a", "shop.example:80", "GET http://shop.example/where?a"],
      ["/where", "[::1]:9464", "GET http://[::1]:9464/where"],
      ["/where", undefined, "GET http://localhost/where"],
      ["/where", "", "GET http://localhost/where"],
      ["//evil.example/where", undefined, "404"],
    ] as const
  ) {
    assertEquals(await ask(url, host), expected, `${url} ${host}`);
  }
});

Deno.test("an address and a host that are none get 400, two that differ are both looked at", async () => {
  for (
    const [url, host, expected] of [
      ["ftp://shop.example/where", undefined, "400"],
      ["shop.example:80", undefined, "400"],
      ["", "shop.example", "400"],
      ["http://me@shop.example/where", undefined, "400"],
      ["http://me:secret@shop.example/where", undefined, "400"],
      ["http://[/where", undefined, "400"],
      ["/where", "a b", "400"],
      ["/where", "[", "400"],
      ["/where", "%zz", "400"],
      ["/where", "shop.example:99999", "400"],
      ["/where", "me@shop.example", "400"],
      ["/where", "shop.example/where?", "400"],
      ["http://shop.example/where", "evil.example", "403"],
      ["http://evil.example/where", "shop.example", "403"],
      ["/where", "evil.example", "403"],
    ] as const
  ) {
    assertEquals(await ask(url, host), expected, `${url} ${host}`);
  }
});
