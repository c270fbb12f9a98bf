import { assert, assertEquals } from "@std/assert";
import { incarnationOf, World } from "../../support/threads_world.ts";

/** Numbers as if by chance, the same each time. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

function assertAllKnowAll(world: World): void {
  const all = world.threads.map(({ number }) => number).toSorted((a, b) => a - b);
  for (const thread of world.threads) {
    assertEquals(thread.knows().toSorted((a, b) => a - b), all, `thread ${thread.number}`);
  }
}

Deno.test("threads that start together know each other after one round", () => {
  const world = new World();
  for (const number of numbers(8)) world.start(number);
  world.pass(1_000);
  assertAllKnowAll(world);
  for (const { membership, number } of world.threads) {
    const [own] = membership.members();
    assertEquals(own?.name, `thread ${number}`, "the own buffer comes first");
  }
  assertEquals(world.threads[3]!.membership.members().map(({ name }) => name).toSorted(), [
    ...numbers(8).map((number) => `thread ${number}`),
  ]);
});

for (const share of [0.5, 0.8, 0.95]) {
  Deno.test(`they find each other where ${share * 100} % of all messages are lost`, () => {
    for (let seed = 1; seed <= 10; seed++) {
      const chance = chances(seed);
      const world = new World({ loses: () => chance() < share });
      for (const number of numbers(6)) world.start(number);
      world.pass(share > 0.9 ? 600_000 : 20_000);
      assertAllKnowAll(world);
    }
  });
}

Deno.test("they find each other when every word of the start is lost", () => {
  let isDeaf = true;
  const world = new World({ loses: () => isDeaf });
  for (const number of numbers(6)) world.start(number);
  world.pass(10_000);
  for (const { number, knows } of world.threads) assertEquals(knows(), [number]);
  isDeaf = false;
  world.pass(1_000);
  assertAllKnowAll(world);
});

Deno.test("a late thread learns of those that have ended before it began", () => {
  const world = new World();
  const [first, second, third] = numbers(3).map((number) => world.start(number));
  world.pass(1_000);
  first!.membership[Symbol.dispose]();
  second!.terminate();
  world.pass(60_000);
  const late = world.start(4);
  world.pass(1_000);
  assertEquals(late.states(), { 1: "dead", 2: "alive", 3: "alive", 4: "alive" });
  world.pass(40_000);
  assertEquals(late.states(), { 1: "dead", 2: "dead", 3: "alive", 4: "alive" });
  assertEquals(third!.states(), late.states());
});

Deno.test("once all know all, no buffer is posted any more", () => {
  const world = new World();
  for (const number of numbers(8)) world.start(number);
  world.pass(5_000);
  const posted = world.threads.map(({ bufferPosts }) => bufferPosts);
  world.pass(60_000);
  assertEquals(world.threads.map(({ bufferPosts }) => bufferPosts), posted);
});

Deno.test("a thread that ends a moment after another has begun is known to that", () => {
  const world = new World();
  const first = world.start(1);
  world.pass(1_000);
  const second = world.start(2);
  // Messages arrive, and no heartbeat comes.
  world.deliver();
  world.deliver();
  first.terminate();
  world.pass(1_000);
  assertEquals(second.knows(), [1, 2]);
});

Deno.test("of those that start together, each posts no more than what the others lack", () => {
  const world = new World();
  for (const number of numbers(8)) world.start(number);
  world.pass(5_000);
  // Its own word, once more for the first who lacks it, and once what it has heard meanwhile.
  for (const { bufferPosts } of world.threads) assert(bufferPosts <= 3, `${bufferPosts} posts`);
});

Deno.test("services do not hear of each other", () => {
  const world = new World();
  const shop = world.start(1);
  const stock = world.start(2, { group: "stock" });
  world.pass(10_000);
  assertEquals([shop.knows(), stock.knows()], [[1], [2]]);
});

Deno.test("what was forgotten is taken for no new one, and is not posted for ever", () => {
  const world = new World();
  const [first, second, third] = numbers(3).map((number) => world.start(number));
  world.pass(1_000);
  // Not the oldest, whose words all go by.
  third!.membership[Symbol.dispose]();
  first!.membership.forget(incarnationOf(3));
  world.pass(5_000);
  assertEquals(first!.knows(), [1, 2]);
  assertEquals(second!.knows(), [1, 2, 3]);
  world.post({
    protocol: "busbar-threads/1",
    buffers: [{ buffer: third!.memory.buffer, name: "thread 3" }],
  });
  const before = second!.bufferPosts;
  world.pass(60_000);
  assertEquals(second!.bufferPosts, before);
  assertEquals(first!.knows(), [1, 2]);
  first!.membership.forget(incarnationOf(1));
  assertEquals(first!.knows(), [1, 2], "the own buffer stays");
});

Deno.test("more than a thousand buffers are refused, and that is told once", () => {
  const world = new World();
  const first = world.start(1);
  for (const number of numbers(1_030).slice(1)) world.start(number).terminate();
  world.pass(500);
  assertEquals(first.knows().length, 1_024);
  const told = first.logger.lines.filter((line) => line.includes("more than 1024 threads"));
  assertEquals(told.length, 1);
  assert(told[0]!.startsWith("busbar: "));
});

Deno.test("many threads that know each other say no more than few, and learn of a late one as soon", () => {
  const roundsOf = (count: number) => {
    const world = new World();
    for (const number of numbers(count)) world.start(number);
    world.pass(5_000);
    assertAllKnowAll(world);
    const posts = () => world.threads.reduce((sum, thread) => sum + thread.posts, 0);
    const before = posts();
    world.pass(20_000);
    const rounds = posts() - before;
    world.start(count + 1);
    world.pass(1_000);
    assertAllKnowAll(world);
    return rounds;
  };
  const few = roundsOf(8);
  for (const count of [32, 100]) assert(roundsOf(count) <= 1.1 * few, `${count} threads`);
});

Deno.test("many find a late one as well where most messages are lost", () => {
  const chance = chances(1);
  const world = new World({ loses: () => chance() < 0.8 });
  for (const number of numbers(40)) world.start(number);
  world.pass(20_000);
  world.start(41);
  world.pass(10_000);
  assertAllKnowAll(world);
});
