import { assert, assertEquals } from "@std/assert";
import { withSession } from "@busbar/busbar/context";
import { BlendCache } from "../../../examples/kv_cache_server/cache/blend.ts";
import type { Client } from "../../../examples/kv_cache_server/cache/client.ts";
import { ranksOf } from "../../../examples/kv_cache_server/requests/clients.ts";
import { openCache } from "../../support/kv_cache_server.ts";

type Server = Awaited<ReturnType<typeof openCache>>;

const client: Client = {
  modelName: "m",
  cacheSalt: "alice",
  engineId: "e",
  device: "cpu",
  namespace: "",
};
const key = (chunkHash: number) => ({ chunkHash, modelName: "m", cacheSalt: "alice" });

/** What was said in the events of a type, in order. */
async function saidIn(server: Server, type: string) {
  return (await server.published()).filter((event) => event.type === type)
    .map(({ metadata }) => metadata);
}

Deno.test("a lookup says which chunks it asks for, and how long the prompt is", async () => {
  await using server = await openCache();
  await server.inSession("a").handle([1, 2, 3], client);
  assertEquals(await saidIn(server, "mp.lookup"), [{
    requestId: "a",
    chunkHashes: [1, 2, 3],
    modelName: "m",
    chunkSize: 512,
    seqLen: 1_536,
    dtypes: ["uint8"],
    shapes: [[64]],
  }]);
});

Deno.test("a store says the tokens of its chunks, and where in the prompt they begin", async () => {
  await using server = await openCache();
  await server.inSession("a").handle([1], client);
  await server.inSession("b").handle([1, 2, 3], client);
  assertEquals(await saidIn(server, "mp.tokens"), [
    { chunkHashes: [1], tokenChunks: [[1]], tokenOffsets: [0] },
    { chunkHashes: [2, 3], tokenChunks: [[2], [3]], tokenOffsets: [512, 1_024] },
  ]);
});

Deno.test("at its end a request says what it has read and stored, each chunk once", async () => {
  await using server = await openCache();
  await server.inSession("a").handle([1, 2], client);
  await server.inSession("b").handle([1, 1, 2, 3, 3], client);
  await server.inSession("c").lookUp([1, 9], client);
  await server.inSession("d").retrieve([3, 9], client);
  await server.inSession("e").retrieve([9], client);
  assertEquals((await saidIn(server, "l1.keys.accessed")).map(({ keys }) => keys), [
    [key(1), key(2)],
    [key(1), key(2), key(3)],
    [key(1)],
    [key(3)],
  ]);
});

Deno.test("a chunk that left L1 for another one of its request, and came again, is said once", async () => {
  await using server = await openCache({ l1: 1 });
  await server.inSession("a").handle([1, 2, 1], client);
  const [accessed] = await saidIn(server, "l1.keys.accessed");
  assertEquals(accessed?.["keys"], [key(1), key(2)]);
});

Deno.test("a request of CacheBlend says the same of chunks that are no prefix", async () => {
  await using server = await openCache();
  const { bus, l1, l2, faults } = server;
  const blend = new BlendCache({ bus, l1, l2, faults });
  await withSession({ sessionId: "a" }, () => blend.handle([1, 2], client));
  await withSession({ sessionId: "b" }, () => blend.handle([7, 2, 8], client));
  assertEquals((await saidIn(server, "mp.lookup")).map(({ chunkHashes }) => chunkHashes), [
    [1, 2],
    [7, 2, 8],
  ]);
  assertEquals((await saidIn(server, "mp.tokens")).map(({ tokenOffsets }) => tokenOffsets), [
    [0, 512],
    [0, 1_024],
  ]);
  assertEquals((await saidIn(server, "l1.keys.accessed")).map(({ keys }) => keys), [
    [key(1), key(2)],
    [key(2), key(7), key(8)],
  ]);
});

Deno.test("keys say whose rank they are of; tokens and blocks are said once for all ranks", async () => {
  await using server = await openCache();
  const ranks = ranksOf({ ...client, device: "cpu:1" }, 2);
  assertEquals(ranks.map(({ device }) => device), ["cpu:2", "cpu:3"]);
  assertEquals((await server.inSession("a").handle([1], ...ranks)).misses, 1);
  assertEquals((await server.inSession("b").handle([1], ...ranks)).l1Hits, 1);
  const ofRank = (kvRank: number) => [{ ...key(1), kvRank }];
  assertEquals((await saidIn(server, "l1.keys.accessed")).map(({ keys }) => keys), [
    ofRank(0),
    ofRank(1),
    ofRank(0),
    ofRank(1),
  ]);
  assertEquals((await saidIn(server, "mp.tokens")).map(({ chunkHashes }) => chunkHashes), [[1]]);
  assertEquals((await saidIn(server, "mp.vllm.block_allocation")).length, 2);
  assertEquals(ranksOf(client, 1), [client]);
});

Deno.test("a chunk is found when all ranks have their part; a lookup is one, its keys are the ranks'", async () => {
  await using server = await openCache({ l1: 3, l2: 6 });
  const ranks = ranksOf(client, 2);
  await server.inSession("a").handle([1, 2], ...ranks); // L1 has lost rank 0's part of 1
  const found = await server.inSession("b").lookUp([1, 2, 3], ...ranks);
  assertEquals([found.l1Hits, found.l2Hits, found.misses], [0, 2, 1]);
  await server.inSession("c").handle([4, 5], ...ranks); // L2 has lost rank 1's part of 1
  for (const [i, rank] of ranks.entries()) {
    const { l2Hits } = await server.inSession(`d${i}`).lookUp([1], rank);
    assertEquals(l2Hits, 1 - i);
  }
  const none = await server.inSession("e").lookUp([1], ...ranks);
  assertEquals([none.l1Hits, none.l2Hits, none.misses], [0, 0, 1]);
  const [a, b, c, ...others] = (await saidIn(server, "mp.lookup_prefetch.end")).map((end) =>
    ["requestedTokens", "hitTokens", "l1HitKeys", "l2HitKeys"].map((name) => end[name])
  );
  assertEquals([a, b, c], [[1_024, 0, 0, 0], [1_536, 1_024, 2, 2], [1_024, 0, 0, 0]]);
  assertEquals(others, [[512, 512, 0, 1], [512, 0, 0, 0], [512, 0, 0, 0]]);
});

Deno.test("CacheBlend looks up once for all ranks, and retrieves for each", async () => {
  await using server = await openCache();
  const { bus, l1, l2, faults } = server;
  const blend = new BlendCache({ bus, l1, l2, faults });
  const ranks = ranksOf(client, 2);
  const first = await withSession({ sessionId: "a" }, () => blend.handle([1, 2], ...ranks));
  const second = await withSession({ sessionId: "b" }, () => blend.handle([7, 2, 8], ...ranks));
  assertEquals([first, second], [{ l1Hits: 0, l2Hits: 0, misses: 2 }, {
    l1Hits: 1,
    l2Hits: 0,
    misses: 2,
  }]);
  const types = await server.types();
  const count = (type: string) => types.filter((one) => one === type).length;
  assertEquals([count("cb.request.end"), count("cb.lookup.end")], [2, 2]);
  assertEquals([count("cb.retrieve.end"), count("mp.store.end")], [2, 4]);
  assertEquals(await saidIn(server, "kv_cache.lookup.finished"), [
    { l1Chunks: 0, l2Chunks: 0, missChunks: 2 },
    { l1Chunks: 1, l2Chunks: 0, missChunks: 2 },
  ]);
});

Deno.test("the disk says which chunks it was asked for and has", async () => {
  await using server = await openCache({ l1: 1 });
  await server.inSession("a").handle([1], client);
  await server.inSession("b").handle([2], client); // evicts 1 from L1
  await server.inSession("c").lookUp([1, 9], client);
  assertEquals(await saidIn(server, "l2.keys.accessed"), [{ keys: [key(1)], backend: "disk" }]);
});

Deno.test("what is handed out to the disk is a session of its own, and names its writer", async () => {
  await using server = await openCache();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await withSession(
    { sessionId: "a", traceparent },
    () => server.cache.handle([1, 2], client),
  );
  const [batch] = (await server.published()).filter(({ type }) =>
    type === "l2.store.schedule.start"
  );
  assert(batch !== undefined && batch.sessionId !== "a");
  const [writer = "", ...others] = batch.metadata["writers"] as string[];
  assertEquals([writer.split("-")[1], others], ["0af7651916cd43dd8448eb211c80319c", []]);
  const [end] = (await server.published()).filter(({ type }) => type === "l2.store.schedule.end");
  assertEquals([end?.sessionId, end?.metadata["failed"]], [batch.sessionId, undefined]);
});
