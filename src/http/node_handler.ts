import type { Handler } from "./server.ts";
import type { NodeRequest, NodeResponse } from "./node_message.ts";
import { requestBody } from "./node_request_body.ts";

/**
 * Makes of a handler one for `node:http` and for what is built on it, such as Express. Bodies are
 * streamed both ways, no faster than they are read; when the client goes away, the request's
 * `signal` aborts and the response's body is cancelled.
 *
 * Below a path where Express mounts it (`app.use("/internal", …)`), the handler sees the path
 * without that beginning.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { createHandler, healthRoutes, toNodeHandler } from "@busbar/busbar/http";
 *
 * const handler = createHandler({ routes: healthRoutes() });
 * const server = createServer(toNodeHandler(handler)); // or app.use(toNodeHandler(handler))
 * await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
 * const { port } = server.address() as { port: number };
 * const response = await fetch(`http://127.0.0.1:${port}/healthz`);
 * if (await response.text() !== "ok\n") throw new Error("unexpected");
 * server.close();
 * server.closeAllConnections();
 * ```
 */
export function toNodeHandler(
  handler: Handler,
): (incoming: NodeRequest, outgoing: NodeResponse) => void {
  return (incoming, outgoing) => {
    // Nobody else listens: a client that goes away must not end the process.
    outgoing.on("error", () => {});
    respond(incoming, outgoing, handler).catch(() => {
      if (outgoing.headersSent) {
        outgoing.destroy();
      } else {
        outgoing.statusCode = 500;
        outgoing.end();
      }
    });
  };
}

async function respond(
  incoming: NodeRequest,
  outgoing: NodeResponse,
  handler: Handler,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const request = toRequest(incoming, outgoing, gone.signal);
  if (request === undefined) {
    outgoing.statusCode = 400;
    outgoing.setHeader("content-type", "text/plain; charset=utf-8");
    outgoing.end(new TextEncoder().encode("Bad request\n"));
    return;
  }
  const response = await handler(request);
  outgoing.statusCode = response.status;
  if (response.statusText !== "") outgoing.statusMessage = response.statusText;
  for (const [name, value] of response.headers) {
    // The only header that may come several times, and cannot be joined.
    if (name !== "set-cookie") outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  await send(response.body, outgoing, gone.signal);
}

/**
 * The request as the web has it; `undefined` if its method, address or headers have no such form.
 */
function toRequest(
  incoming: NodeRequest,
  outgoing: NodeResponse,
  signal: AbortSignal,
): Request | undefined {
  const { method = "GET", url = "/", socket } = incoming;
  try {
    const headers = new Headers();
    for (const [name, value] of Object.entries(incoming.headers)) {
      // Those of HTTP/2 that begin with a colon are no headers.
      if (value === undefined || name.startsWith(":")) continue;
      for (const one of typeof value === "string" ? [value] : value) headers.append(name, one);
    }
    const scheme = (socket as { encrypted?: unknown } | undefined)?.encrypted ? "https" : "http";
    const host = headers.get("host") ?? incoming.headers[":authority"] ?? "localhost";
    const hasBody = method !== "GET" && method !== "HEAD";
    return new Request(new URL(url.startsWith("/") ? `${scheme}://${host}${url}` : url), {
      method,
      headers,
      signal,
      ...(hasBody ? { body: requestBody(incoming, outgoing), duplex: "half" } : {}),
    });
  } catch {
    return undefined;
  }
}

/** Sends a body, no faster than the client reads it. */
async function send(
  body: ReadableStream<Uint8Array> | null,
  outgoing: NodeResponse,
  gone: AbortSignal,
): Promise<void> {
  if (body === null) return void outgoing.end();
  const reader = body.getReader();
  let writable: PromiseWithResolvers<void> | undefined;
  outgoing.on("drain", () => writable?.resolve());
  const stop = () => {
    writable?.resolve();
    // It is not read any more, whether that works or not.
    reader.cancel().catch(() => {});
  };
  gone.addEventListener("abort", stop);
  if (gone.aborted) stop();
  for (;;) {
    const { done, value } = await reader.read();
    if (gone.aborted) return;
    if (done) break;
    if (outgoing.write(value)) continue;
    writable = Promise.withResolvers();
    await writable.promise;
  }
  outgoing.end();
}
