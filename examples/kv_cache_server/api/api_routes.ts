import type { Route } from "@busbar/busbar/http";
import { CHUNK_BYTES, TOKENS_PER_CHUNK } from "../cache/chunk.ts";
import type { Client } from "../cache/client.ts";
import type { PrefixCache } from "../cache/prefix_cache.ts";
import { clientOf } from "../clients.ts";
import { type CacheRequest, readCacheRequest, RequestError } from "./request_body.ts";

type Operation = (request: CacheRequest, session: string, client: Client) => Promise<object>;

/**
 * Routes that answer `POST` on `/v1/lookup`, `/v1/store` and `/v1/retrieve` with JSON; a request
 * that cannot be answered gets `{ "error": why }`. Models and tenants do not see each other's
 * chunks.
 */
export function createApiRoutes(cache: PrefixCache, report: (text: string) => void): Route[] {
  const operations = new Map<string, Operation>([
    ["/v1/lookup", async ({ chunks }, session, client) => {
      const { l1Hits, l2Hits } = await cache.lookUp(session, chunks, client);
      const foundChunks = l1Hits + l2Hits;
      return {
        foundChunks,
        l1Chunks: l1Hits,
        l2Chunks: l2Hits,
        requestedTokens: chunks.length * TOKENS_PER_CHUNK,
        hitTokens: foundChunks * TOKENS_PER_CHUNK,
      };
    }],
    ["/v1/store", async ({ chunks }, session, client) => {
      const storedChunks = await cache.store(session, chunks, client);
      return { storedChunks, failedChunks: chunks.length - storedChunks };
    }],
    ["/v1/retrieve", async ({ chunks }, session, client) => {
      const missing = await cache.retrieve(session, chunks, client);
      const retrievedChunks = chunks.length - missing.length;
      return { retrievedChunks, totalBytes: retrievedChunks * CHUNK_BYTES, missing };
    }],
  ]);
  let sessions = 0;

  async function respond(request: Request, operation: Operation): Promise<Response> {
    try {
      const body = await readCacheRequest(request);
      const session = body.session ?? `http-${++sessions}`;
      const result = await operation(body, session, clientOf(body.model, body.tenant));
      return reply(200, { session, ...result });
    } catch (error) {
      if (error instanceof RequestError) return reply(error.status, { error: error.message });
      report(`Cannot answer ${new URL(request.url).pathname}: ${error}`);
      return reply(500, { error: "the request failed" });
    }
  }

  return [...operations].map(([path, operation]): Route => ({
    path,
    methods: ["POST"],
    handle: (request) => respond(request, operation),
  }));
}

function reply(status: number, body: object): Response {
  return Response.json(body, { status });
}
