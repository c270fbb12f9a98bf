import type { Route } from "@busbar/busbar/http";
import { BLOCK_BYTES, TOKENS_PER_BLOCK } from "../cache/block.ts";
import type { Client } from "../cache/client.ts";
import type { PrefixCache } from "../cache/prefix_cache.ts";
import { clientOf } from "../clients.ts";
import { type CacheRequest, readCacheRequest, RequestError } from "./request_body.ts";

type Operation = (request: CacheRequest, session: string, client: Client) => Promise<object>;

/**
 * Routes that answer `POST` on `/v1/lookup`, `/v1/store` and `/v1/retrieve` with JSON; a request that
 * cannot be answered gets `{ "error": why }`. Models and tenants do not see each other's blocks.
 */
export function createApiRoutes(cache: PrefixCache, report: (text: string) => void): Route[] {
  const operations = new Map<string, Operation>([
    ["/v1/lookup", async ({ blocks }, session, client) => {
      const { l1Hits, l2Hits } = await cache.lookUp(session, blocks, client);
      const foundBlocks = l1Hits + l2Hits;
      return {
        foundBlocks,
        l1Blocks: l1Hits,
        l2Blocks: l2Hits,
        requestedTokens: blocks.length * TOKENS_PER_BLOCK,
        hitTokens: foundBlocks * TOKENS_PER_BLOCK,
      };
    }],
    ["/v1/store", async ({ blocks }, session, client) => {
      const storedBlocks = await cache.store(session, blocks, client);
      return { storedBlocks, failedBlocks: blocks.length - storedBlocks };
    }],
    ["/v1/retrieve", async ({ blocks }, session, client) => {
      const missing = await cache.retrieve(session, blocks, client);
      const retrievedBlocks = blocks.length - missing.length;
      return { retrievedBlocks, totalBytes: retrievedBlocks * BLOCK_BYTES, missing };
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
