import { assert, assertEquals } from "@std/assert";
import { BlockLifecycle } from "../../src/kv_cache/lifecycle/block_lifecycle.ts";
import { BlockOwners } from "../../src/kv_cache/lifecycle/block_owners.ts";
import { observed } from "../support/kv_cache.ts";

const BARE = { sessionId: "", operationId: "", traceparent: undefined, tracestate: undefined };

/** An engine whose requests are given blocks. */
function engine(lifecycle: BlockLifecycle, instanceId = "vllm-0") {
  return {
    give(second: number, reqId: string, newBlockIds: number[], newTokenIds: number[]) {
      const { lives } = lifecycle.observe({
        ...BARE,
        type: "mp.vllm.block_allocation",
        timestamp: second * 1_000,
        metadata: { instanceId, modelName: "m", records: [{ reqId, newBlockIds, newTokenIds }] },
      });
      return lives.map(({ lifetimeS, idleBeforeEvictS, reuseGapsS }) => [
        lifetimeS,
        idleBeforeEvictS,
        ...reuseGapsS,
      ]);
    },
    end(reqId: string) {
      lifecycle.observe({
        ...BARE,
        type: "mp.vllm.end_session",
        timestamp: 0,
        metadata: { requestId: reqId },
      });
    },
  };
}

const tracked = (maxTracked = 100) => new BlockLifecycle({ sampleRatio: 1, maxTracked });

Deno.test("a block that other tokens get was evicted: its life, its idle time, its uses", () => {
  const { give, end } = engine(tracked());
  assertEquals(give(0, "a", [1], [7, 8]), []);
  end("a");
  assertEquals(give(10, "b", [1], [7, 8]), []); // used again
  end("b");
  assertEquals(give(13, "c", [1], [7, 8]), []);
  end("c");
  assertEquals(give(20, "d", [1], [9, 9]), [[20, 7, 10, 3]]);
  // And begins anew, whether or not its owner has released it.
  assertEquals(give(21, "e", [1], [7, 8]), [[1, 1]]);
});

Deno.test("who gets a block that is in use shares it, which is no use; nor is it to get it twice", () => {
  const { give, end } = engine(tracked());
  give(0, "a", [1], [7]);
  give(1, "a", [1], [7]);
  give(2, "b", [1], [7]);
  end("a");
  give(3, "c", [1], [7]); // b has it still
  end("b");
  end("c");
  give(9, "d", [1], [7]);
  assertEquals(give(10, "e", [1], [8]), [[10, 1, 9]]);
});

Deno.test("who had a block before it got other tokens has it no longer", () => {
  const { give, end } = engine(tracked());
  give(0, "a", [1], [7]); // and its end is never told
  give(1, "b", [1], [8]);
  end("b");
  give(4, "c", [1], [8]); // used again
  assertEquals(give(5, "d", [1], [9]), [[4, 1, 3]]);
});

Deno.test("tokens are split evenly over the new blocks", () => {
  const { give } = engine(tracked());
  give(0, "a", [1, 2], [1, 2, 3, 4]);
  assertEquals(give(1, "b", [1], [1, 2]), []);
  assertEquals(give(1, "b", [2], [3, 4]), []);
  assertEquals(give(2, "c", [1, 2], [1, 2, 3, 5]), [[2, 2]]);
  // The last block of a request may not be full; one without tokens is given nothing.
  assertEquals(give(3, "d", [5, 6], [1, 2, 3]), []);
  assertEquals(give(4, "e", [6], [3]), []);
  assertEquals(give(5, "f", [], []), []);
});

Deno.test("the last four uses of a block are known", () => {
  const { give, end } = engine(tracked());
  for (const second of [0, 1, 3, 6, 10, 15]) {
    give(second, `r${second}`, [1], [7]);
    end(`r${second}`);
  }
  assertEquals(give(16, "x", [1], [8]), [[16, 1, 3, 4, 5]]);
});

Deno.test("engines have blocks of their own", () => {
  const lifecycle = tracked();
  engine(lifecycle, "a").give(0, "r", [1], [7]);
  assertEquals(engine(lifecycle, "b").give(1, "r", [1], [8]), []);
  assertEquals(engine(lifecycle, "a").give(2, "s", [1], [9]), [[2, 2]]);
});

Deno.test("it becomes histograms by engine and model, and a count of what is not tracked", async () => {
  await using kv = observed("collect", { lifecycleSampleRatio: 1, maxTracked: 2 });
  const give = (second: number, newTokenIds: number[], newBlockIds = [1]) =>
    kv.bus.publish("mp.vllm.block_allocation", {
      instanceId: "vllm-0",
      modelName: "llama",
      records: [{ reqId: `r${second}`, newBlockIds, newTokenIds }],
    }, { timestamp: second * 1_000 });
  give(1, [7]);
  kv.bus.publish("mp.vllm.end_session", { requestId: "r1" });
  give(4, [7]);
  give(9, [8]);
  give(10, [1, 2], [2, 3]);
  const found = await kv.scrape();
  const of = (name: string) =>
    ["count", "sum"].map((what) =>
      found[`lmcache_mp_l0_block_${name}_seconds_${what}{instance_id="vllm-0",model_name="llama"}`]
    );
  assertEquals(of("lifetime"), [1, 8]);
  assertEquals(of("idle_before_evict"), [1, 5]);
  assertEquals(of("reuse_gap"), [1, 3]);
  assertEquals(found["lmcache_mp_l0_block_lifecycle_untracked_blocks_total"], 1);
});

Deno.test("requests whose end is never told own no more than there is room for", () => {
  const owners = new BlockOwners(2); // eight ownerships
  for (let i = 0; i < 8; i++) owners.add(`block ${i}`, `request ${i % 4}`);
  assert(owners.isOwned("block 0") && owners.isOwned("block 4"));
  owners.add("block 8", "request 9");
  assertEquals(
    Array.from({ length: 9 }, (_, i) => owners.isOwned(`block ${i}`)),
    [false, true, true, true, false, true, true, true, true],
  );
  owners.clear("block 8");
  assert(!owners.isOwned("block 8"));
  owners.release("request 9");
  owners.release("request 1");
  assert(!owners.isOwned("block 1") && owners.isOwned("block 2"));
});
