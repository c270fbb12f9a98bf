import { assertKnownNames } from "../internal/option_names.ts";
import type { Logger } from "../internal/logger.ts";
import { errorText, report } from "../internal/reporting.ts";
import { partsOf } from "./handler_parts.ts";
import type { NodeRequest, NodeResponse } from "./node_message.ts";
import { requestBody } from "./node_request_body.ts";
import type { Handler } from "./server.ts";

/** The options of {@linkcode toNodeHandler}. */
export interface NodeHandlerOptions {
  /**
   * Where failures are logged. Default: that of the handler, if `createHandler` made it, else
   * `console`.
   */
  readonly logger?: Logger | undefined;
}

/** Answers a request of `node:http`, or calls `next`. */
export type NodeHandler = (
  incoming: NodeRequest,
  outgoing: NodeResponse,
  next?: (error?: unknown) => void,
) => void;

/**
 * Makes of a handler one for `node:http` and for what is built on it, such as Express. Bodies are
 * streamed both ways, no faster than they are read; when the client goes away, the request's
 * `signal` aborts and the response's body is cancelled.
 *
 * Below a path where Express mounts it (`app.use("/internal", …)`), the handler sees the path
 * without that beginning; at the path itself it sees that. As a middleware, a handler of
 * `createHandler` leaves to others what it has no route for: it calls `next`.
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
 *
 * @throws {TypeError} if an option is unknown
 */
export function toNodeHandler(handler: Handler, options: NodeHandlerOptions = {}): NodeHandler {
  assertKnownNames("make a handler for node:http", "option", options, ["logger"]);
  const parts = partsOf(handler);
  const logger = options.logger ?? parts?.logger ?? console;
  const hasRoot = parts === undefined || parts.table.findExactly("/", "GET") !== undefined;
  const nodeHandler: NodeHandler = (incoming, outgoing, next) => {
    const url = urlSeen(incoming, hasRoot);
    if (next !== undefined && parts !== undefined) {
      const { method = "GET" } = incoming;
      // A middleware sees what is others' too, such as their /orders/stats.
      const isMeant = url !== incoming.url || isHandlerOf(incoming.route, nodeHandler);
      const path = pathOf(url);
      const found = isMeant
        ? parts.table.find(path, method)
        : parts.table.findExactly(path, method);
      if (found?.route === undefined) return next();
    }
    // Nobody else listens: a client that goes away must not end the process.
    outgoing.on("error", () => {});
    const gone = new AbortController();
    respond({ incoming, outgoing, url, gone }, handler).catch((error) => {
      if (!gone.signal.aborted) report(logger, `Cannot answer a request: ${errorText(error)}`);
      if (outgoing.headersSent) {
        outgoing.destroy();
      } else {
        outgoing.statusCode = 500;
        outgoing.end();
      }
    });
  };
  return nodeHandler;
}

/**
 * The path and the query that a handler sees. Where a middleware is mounted at just the path that is
 * asked for, nothing is left of it: unless there is a route for that, the mount itself is meant.
 */
function urlSeen({ url = "/", originalUrl }: NodeRequest, hasRoot: boolean): string {
  return originalUrl !== undefined && pathOf(url) === "/" && !hasRoot ? originalUrl : url;
}

const pathOf = (url: string): string => url.split("?", 1)[0] as string;

/** Whether a route of Express has this handler; a middleware may see that of an earlier handler. */
function isHandlerOf(route: unknown, handler: NodeHandler): boolean {
  const { stack } = (route ?? {}) as { stack?: unknown };
  return Array.isArray(stack) && stack.some((layer) => layer?.handle === handler);
}

/** A request of `node:http` that is being answered. */
interface Exchange {
  readonly incoming: NodeRequest;
  readonly outgoing: NodeResponse;
  /** The path and the query. */
  readonly url: string;
  /** Aborts when the client goes away. */
  readonly gone: AbortController;
}

async function respond(exchange: Exchange, handler: Handler): Promise<void> {
  const { outgoing, gone } = exchange;
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const request = toRequest(exchange);
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
function toRequest({ incoming, outgoing, url, gone }: Exchange): Request | undefined {
  const { method = "GET", socket } = incoming;
  try {
    const headers = new Headers();
    for (const [name, value] of Object.entries(incoming.headers)) {
      // Those of HTTP/2 that begin with a colon are no headers.
      if (value === undefined || name.startsWith(":")) continue;
      for (const one of typeof value === "string" ? [value] : value) headers.append(name, one);
    }
    const scheme = (socket as { encrypted?: unknown } | undefined)?.encrypted ? "https" : "http";
    // Without one, as HTTP/1.0 allows, this machine is meant.
    const host = headers.get("host") || incoming.headers[":authority"] || "localhost";
    const hasBody = method !== "GET" && method !== "HEAD";
    return new Request(new URL(url.startsWith("/") ? `${scheme}://${host}${url}` : url), {
      method,
      headers,
      signal: gone.signal,
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
