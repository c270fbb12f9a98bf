import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { type Keyed, PairLane } from "../../../src/subscribers/pairs/pair_lane.ts";
import { collectGarbage } from "../../support/garbage.ts";

Deno.test("Sessions whose operations have all ended leave nothing behind", () => {
  const lane = new PairLane<Keyed>();
  // Enough that the lane keeps its maps.
  for (let n = 0; n < 100; n++) lane.add({ sessionId: `open ${n}`, operationId: "" });
  const held = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const run = (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      const items = ["", "1", "2"].map((operationId) => ({ sessionId: `s${n}`, operationId }));
      for (const item of items) lane.add(item);
      for (const item of items) lane.remove(item);
    }
  };
  run(0, 1_000);
  const before = held();
  run(1_000, 31_000);
  const bytes = held() - before;
  // An empty map each would be six megabytes.
  assert(bytes < 2e6, `${bytes} bytes`);
  assertEquals(lane.get("open 7", "")?.sessionId, "open 7");
});

Deno.test("Many that come and go again and again leave nothing behind either", () => {
  const lane = new PairLane<Keyed>();
  const run = (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      const items = Array.from({ length: 20 }, (_, n) => ({
        sessionId: `${round}/${n}`,
        operationId: "",
      }));
      for (const item of items) lane.add(item);
      for (const item of items) lane.remove(item);
    }
  };
  run(1_000);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  run(6_000);
  collectGarbage();
  const bytes = process.memoryUsage().heapUsed - before;
  // Five that are kept of each round would be two megabytes.
  assert(bytes < 1e6, `${bytes} bytes`);
});
