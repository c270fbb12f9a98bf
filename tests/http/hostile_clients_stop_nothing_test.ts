import { assert, assertEquals } from "@std/assert";
import { type Started, startScript } from "../support/processes.ts";
import { connectTo, sendRaw } from "../support/raw_http.ts";

const PROGRAM = new URL("../support/programs/attacked.ts", import.meta.url);
const PERMISSIONS = ["--allow-net"];

/** What Deno says, once, of every program that looks at a request's signal. */
const NOTICE = /^Deno\.serve: request\.signal .*\n/m;

async function portOf(server: Started): Promise<number> {
  return Number((await server.printed(/port: (\d+)/))[1]);
}

/** What a request begins with, and the header that ends its connection. */
const GET = "GET /metrics HTTP/1.1\r\n";
const CLOSE = "Connection: close\r\n\r\n";
const withHost = (host: string) => `${GET}Host: ${host}\r\n${CLOSE}`;

/** What must be answered with the metrics. */
const WELCOME: Readonly<Record<string, string>> = {
  "an ordinary request": withHost("localhost"),
  "a slash at the end": `GET /metrics/ HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "HTTP/1.0 without a host": "GET /metrics HTTP/1.0\r\n\r\n",
  "HTTP/1.0 with a host": "GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n",
  "an empty host": withHost(""),
  "an address of IPv6": withHost("[::1]:9464"),
};

/** What must not be answered with them, whether it is by a 4xx or by hanging up. */
const REFUSED: Readonly<Record<string, string>> = {
  "another host": withHost("evil.example"),
  "another host, HTTP/1.0": "GET /metrics HTTP/1.0\r\nHost: evil.example\r\n\r\n",
  "another host behind an absolute target":
    `GET http://localhost/metrics HTTP/1.1\r\nHost: evil.example\r\n${CLOSE}`,
  "a host in two words": withHost("a b"),
  "a host that begins a bracket": withHost("["),
  "a host that is no escape": withHost("%zz"),
  "a host with a path": withHost("localhost/metrics?"),
  "a host with a user": withHost("evil.example@localhost"),
  "a host with a fragment": withHost("localhost#.evil.example"),
  "a host with a backslash": withHost("localhost\\.evil.example"),
  "a host with a port beyond all": withHost("localhost:99999"),
  "a host that is not ASCII": withHost("local\xff"),
  "another host after the right one": `${GET}Host: localhost, evil.example\r\n${CLOSE}`,
  "a target without a path": `GET http:// HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "a target that is a host": `GET //evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "a target that is no path": `GET foo:bar HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "a target that is an asterisk": `OPTIONS * HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "CONNECT": `CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "TRACE": `TRACE /metrics HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "a method that is none": `FOO /metrics HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "an escape that is none": `GET /%zz%00 HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "a NUL": `GET /\0 HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "bytes beyond ASCII": `GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "a very long path": `GET /${"a".repeat(60_000)} HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "many slashes": `GET ${"/".repeat(8_000)} HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`,
  "a header that does not end": `${GET}Host: localhost\r\nX: ${"a".repeat(600_000)}\r\n${CLOSE}`,
  "too many headers": `${GET}Host: localhost\r\n${"X: a\r\n".repeat(5_000)}${CLOSE}`,
  "a header without a colon": `${GET}Host localhost\r\n${CLOSE}`,
  "a length below 0": `POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n${CLOSE}`,
  "two lengths": "POST /where HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" +
    `Content-Length: 5\r\n${CLOSE}zz\r\n`,
  "HTTP/3.7": "GET /metrics HTTP/3.7\r\nHost: localhost\r\n\r\n",
  "the beginning of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "the beginning of TLS": "\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03\r\n\r\n",
  "nothing of HTTP": "\0\x01\x02garbage\r\n\r\n",
};

Deno.test("malformed requests get no metrics, show nothing and stop nothing", async () => {
  await using server = startScript(PROGRAM, [], { permissions: PERMISSIONS });
  const port = await portOf(server);
  for (const [what, bytes] of Object.entries(WELCOME)) {
    const response = await sendRaw(port, bytes);
    assert(/^HTTP\/1\.[01] 200 [^]*\r\n\r\n[^]*up 1\n/.test(response), `${what}: ${response}`);
  }
  for (const [what, bytes] of Object.entries(REFUSED)) {
    const response = await sendRaw(port, bytes);
    const isRefused = !response.startsWith("HTTP") || /^HTTP\/1\.[01] (4\d\d|505) /.test(response);
    assert(isRefused, `${what}: ${response}`);
    assert(!response.includes("up 1"), `${what}: ${response}`);
    assert(!/\.(ts|js|mjs)\b|node_modules|<html| at /.test(response), `${what}: ${response}`);
    assertEquals(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), "up 1\n", what);
  }
  server.kill("SIGTERM");
  const { code, stdout, stderr } = await server.ended;
  // They are faults of clients, and nobody's business here.
  assertEquals([code, stdout, stderr], [0, `port: ${port}\n`, ""]);
});

Deno.test("a failure shows the client nothing; the logger alone has the reason", async () => {
  await using server = startScript(PROGRAM, [], { permissions: PERMISSIONS });
  const port = await portOf(server);
  for (const head of ["Host: localhost\r\n", "Host: localhost\r\nAccept: text/html\r\n"]) {
    const response = await sendRaw(port, `GET /fails HTTP/1.1\r\n${head}${CLOSE}`);
    assert(response.startsWith("HTTP/1.1 500 "), response);
    assert(response.includes("This could not be answered\n"), response);
    assert(!/secret|attacked|<html| at /.test(response), response);
  }
  server.kill("SIGTERM");
  const { stdout, stderr } = await server.ended;
  // Asking again fills no log.
  const told = "told: busbar: Cannot answer /fails: the secret reason\n";
  assertEquals(stdout, `port: ${port}\n${told}`);
  assertEquals(stderr.replace(NOTICE, ""), "");
});

Deno.test("a route has a whole address, also where the client names no host", async () => {
  await using server = startScript(PROGRAM, [], { permissions: PERMISSIONS });
  const port = await portOf(server);
  const get = await sendRaw(port, "GET /where HTTP/1.0\r\n\r\n");
  assert(get.endsWith("/where, 0 bytes\n"), get);
  const post = await sendRaw(port, "POST /where HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello");
  assert(post.endsWith("/where, 5 bytes\n"), post);
});

Deno.test("clients that stop halfway, say nothing or read nothing hold up nobody, nor the end", async () => {
  await using server = startScript(PROGRAM, [], { permissions: PERMISSIONS });
  const port = await portOf(server);
  const beginnings = [
    "",
    "G",
    GET,
    `${GET}Host: localhost\r\n`,
    "POST /where HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf",
    `${GET}Host: localhost\r\n\r\n`.repeat(50),
  ];
  const sockets = await Promise.all(
    Array.from({ length: 60 }, () => connectTo(port)),
  );
  for (const [i, socket] of sockets.entries()) {
    socket.pause();
    socket.write(beginnings[i % beginnings.length] as string);
  }
  for (let i = 0; i < 20; i++) {
    assertEquals(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), "up 1\n");
  }
  // Some go away in the middle, without a word.
  for (const socket of sockets.slice(0, 30)) socket.resetAndDestroy();
  assertEquals(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), "up 1\n");
  server.kill("SIGTERM");
  const { code, stdout, stderr } = await server.ended;
  for (const socket of sockets) socket.destroy();
  assertEquals([code, stderr.replace(NOTICE, "")], [0, ""]);
  // Where a runtime does not say that the client has gone, its half body is a failure: told once.
  const told = stdout.trim().split("\n").slice(1);
  assert(told.length <= 1 && told.every((line) => line.includes("Cannot answer /where")), stdout);
});

Deno.test("a server that is out of file descriptors answers when there are some again", async () => {
  await using server = startScript(PROGRAM, [], { permissions: PERMISSIONS, maxOpenFiles: 64 });
  const port = await portOf(server);
  let hasEnded = false;
  const ended = server.ended.then((how) => {
    hasEnded = true;
    return how;
  });
  for (let round = 0; round < 2; round++) {
    const sockets = await Promise.all(Array.from({ length: 120 }, () => connectTo(port)));
    for (const socket of sockets) socket.destroy();
    let answer = "";
    while (!hasEnded && answer !== "up 1\n") {
      answer = await fetch(`http://127.0.0.1:${port}/metrics`).then((r) => r.text(), () => "");
    }
    assertEquals([hasEnded, answer], [false, "up 1\n"]);
  }
  server.kill("SIGTERM");
  const { code, stdout, stderr } = await ended;
  assertEquals([code, stderr], [0, ""]);
  for (const line of stdout.trim().split("\n").slice(1)) {
    assert(line.startsWith("told: busbar: Cannot accept connections"), line);
  }
});
