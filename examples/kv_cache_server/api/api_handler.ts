import { BLOCK_BYTES, TOKENS_PER_BLOCK } from "../cache/block.ts";
import type { Client } from "../cache/client.ts";
import type { PrefixCache } from "../cache/prefix_cache.ts";
import { clientOf } from "../clients.ts";
import { type CacheRequest, readCacheRequest, RequestError } from "./request_body.ts";

type Route = (request: CacheRequest, session: string, client: Client) => Promise<object>;

/**
 * Answers `POST` on `/v1/lookup`, `/v1/store` and `/v1/retrieve` with JSON; a request that cannot be
 * answered gets `{ "error": why }`. Models and tenants do not see each other's blocks.
 *
 * @returns the handler; `undefined` where a path is not its own
 */
export function createApiHandler(
  cache: PrefixCache,
  tell: (text: string) => void,
): (request: Request) => Promise<Response> | undefined {
  const routes = new Map<string, Route>([
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

  async function answer(request: Request, route: Route): Promise<Response> {
    try {
      if (request.method !== "POST") throw new RequestError(405, "only POST is answered here");
      const body = await readCacheRequest(request);
      const session = body.session ?? `http-${++sessions}`;
      const result = await route(body, session, clientOf(body.model, body.tenant));
      return reply(200, { session, ...result });
    } catch (error) {
      if (error instanceof RequestError) return reply(error.status, { error: error.message });
      tell(`Cannot answer ${new URL(request.url).pathname}: ${error}`);
      return reply(500, { error: "the request failed" });
    }
  }

  return (request) => {
    const { pathname } = new URL(request.url);
    const route = routes.get(pathname);
    if (route !== undefined) return answer(request, route);
    if (!pathname.startsWith("/v1/")) return undefined;
    const paths = [...routes.keys()].join(", ");
    return Promise.resolve(reply(404, { error: `there is only ${paths}` }));
  };
}

function reply(status: number, body: object): Response {
  return Response.json(body, {
    status,
    headers: {
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...(status === 405 ? { allow: "POST" } : {}),
    },
  });
}
