import type { EventBus } from "@busbar/busbar";
import { currentContext, withSession } from "@busbar/busbar/context";
import type { Route } from "@busbar/busbar/http";
import { instrumentHandler } from "@busbar/busbar/instrumentation/http";
import { sizeOf, TOKENS_PER_CHUNK } from "../cache/chunk.ts";
import type { Client } from "../cache/client.ts";
import { StoppingError } from "../cache/portions.ts";
import type { PrefixCache } from "../cache/prefix_cache.ts";
import { clientOf } from "../requests/clients.ts";
import type { ServerEvents } from "../events.ts";
import { clean } from "../terminal/text.ts";
import { type CacheRequest, readCacheRequest, RequestError } from "./request_body.ts";

type Operation = (request: CacheRequest, client: Client) => Promise<object>;

/**
 * Routes that answer `POST` on `/v1/lookup`, `/v1/store` and `/v1/retrieve` with JSON; a request
 * that cannot be answered gets `{ "error": why }`. Models and tenants do not see each other's
 * chunks. Each request is a session, or belongs to the one that it names.
 */
export function createApiRoutes(
  cache: PrefixCache,
  bus: EventBus<ServerEvents>,
  report: (text: string) => void,
): Route[] {
  const operations = new Map<string, Operation>([
    ["/v1/lookup", async ({ chunks }, client) => {
      const { l1Hits, l2Hits } = await cache.lookUp(chunks, client);
      const foundChunks = l1Hits + l2Hits;
      return {
        foundChunks,
        l1Chunks: l1Hits,
        l2Chunks: l2Hits,
        requestedTokens: chunks.length * TOKENS_PER_CHUNK,
        hitTokens: foundChunks * TOKENS_PER_CHUNK,
      };
    }],
    ["/v1/store", async ({ chunks }, client) => {
      const storedChunks = await cache.store(chunks, client);
      return { storedChunks, failedChunks: chunks.length - storedChunks };
    }],
    ["/v1/retrieve", async ({ chunks }, client) => {
      const missing = await cache.retrieve(chunks, client);
      const retrievedChunks = chunks.length - missing.length;
      return { retrievedChunks, totalBytes: sizeOf(retrievedChunks).totalBytes, missing };
    }],
  ]);

  async function respond(request: Request, operation: Operation): Promise<Response> {
    try {
      const body = await readCacheRequest(request);
      const session = body.session ?? currentContext()?.sessionId;
      const answer = () => operation(body, clientOf(body.model, body.tenant));
      const result = body.session === undefined
        ? await answer()
        : await withSession({ ...traceOf(request), sessionId: body.session }, answer);
      return reply(200, { session, ...result });
    } catch (error) {
      if (error instanceof RequestError) return reply(error.status, { error: error.message });
      if (error instanceof StoppingError) return reply(503, { error: "the server is stopping" });
      report(clean(`Cannot answer ${new URL(request.url).pathname}: ${error}`));
      return reply(500, { error: "the request failed" });
    }
  }

  return [...operations].map(([path, operation]): Route => ({
    path,
    methods: ["POST"],
    handle: instrumentHandler(bus, (request: Request) => respond(request, operation), {
      route: path,
    }),
  }));
}

/** The caller's trace. */
function traceOf({ headers }: Request) {
  return { traceparent: headers.get("traceparent"), tracestate: headers.get("tracestate") };
}

function reply(status: number, body: object): Response {
  return Response.json(body, { status });
}
