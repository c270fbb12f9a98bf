import { assert, assertEquals } from "@std/assert";
import type { Role } from "../../../src/threads/membership/member_words.ts";
import { incarnationOf, World, type WorldThread } from "../../support/threads_world.ts";

const holders = (world: World, role: Role = "push") =>
  world.threads.filter(({ membership }) => membership.has(role));

function someThreads(count: number, settledMs = 3_000) {
  const world = new World();
  const threads = Array.from({ length: count }, (_, i) => world.start(i + 1));
  world.pass(settledMs);
  return { world, threads };
}

/** What a thread hands to its worker. */
function keeperOf({ memory: { incarnation }, membership }: WorldThread) {
  const known = membership.members().map(({ memory: { buffer }, name, state }) => {
    return { buffer, name, isSilent: state !== "alive" };
  });
  return { incarnation, group: "shop", known };
}

function theHolder(world: World, role: Role = "push"): WorldThread {
  const [holder, ...others] = holders(world, role);
  assertEquals(others.length, 0);
  assert(holder !== undefined, "nobody has the role");
  return holder;
}

Deno.test("one of the threads has each role, and keeps it", () => {
  const { world } = someThreads(8);
  const holder = theHolder(world);
  theHolder(world, "port");
  assertEquals(holder.told.filter((change) => change.endsWith("push")), ["+push"]);
  world.pass(60_000);
  assertEquals(theHolder(world), holder);
  assertEquals(holder.told.filter((change) => change.endsWith("push")), ["+push"]);
});

Deno.test("threads that have just started listen first, so that none takes a role that another has", () => {
  const { world, threads: [first] } = someThreads(1);
  assert(first!.membership.has("push"));
  const second = world.start(2);
  for (let passed = 0; passed < 5_000; passed += 250) {
    world.pass(250);
    assertEquals(second.membership.has("push"), false);
  }
});

Deno.test("a thread that can do nothing with a role leaves it to others, unless it asks for it", () => {
  const world = new World();
  const idle = world.start(1, { roles: ["port"] });
  world.pass(3_000);
  assert(idle.membership.has("port"));
  assert(!idle.membership.has("push"));
  const other = world.start(2);
  world.pass(3_000);
  assertEquals(theHolder(world), other);
  other.membership[Symbol.dispose]();
  assert(idle.membership.acquire("push"));
});

Deno.test("another thread replaces one that ends, at once", () => {
  const { world } = someThreads(4);
  const holder = theHolder(world);
  const term = holder.membership.termOf("push");
  const [other] = world.threads.filter((thread) => thread !== holder);
  theHolder(world, "port").membership.port = 9_464;
  assertEquals(other!.membership.port, 9_464);
  theHolder(world, "port").membership[Symbol.dispose]();
  holder.membership[Symbol.dispose]();
  assertEquals(other!.membership.port, 0);
  assertEquals(holders(world), []);
  assertEquals(holder.told.at(-1)?.[0], "-");
  world.pass(250);
  assert(theHolder(world) !== holder);
  assert(theHolder(world).membership.termOf("push") > term);
});

Deno.test("one that fails and ends is replaced at the next heartbeat", () => {
  const { world } = someThreads(4);
  const holder = theHolder(world);
  theHolder(world, "port").membership.port = 9_464;
  holder.fail();
  holder.terminate();
  world.pass(250);
  const holders = world.threads.filter(({ membership }) => membership.has("push"));
  assertEquals(holders.length, 1);
  assert(holders[0] !== holder);
});

Deno.test("what the worker of one has that fails and ends, is free at once", () => {
  const { world, threads: [keeper] } = someThreads(1);
  assert(keeper!.membership.has("worker"));
  const worker = world.start(2, { keeper: keeperOf(keeper!), roles: ["port"] });
  const other = world.start(3, { roles: ["worker"] });
  world.pass(3_000);
  keeper!.membership.yield("port", Infinity);
  world.pass(3_000);
  assert(worker.membership.has("port"));
  keeper!.fail();
  keeper!.terminate();
  worker.terminate();
  world.pass(250);
  assert(other.membership.has("worker"));
  const next = world.start(4, { keeper: keeperOf(other), roles: ["port"] });
  world.pass(250);
  assert(next.membership.has("port"));
});

Deno.test("one that fails and goes on loses its roles once at most, and a lone one none", () => {
  const { world, threads: [alone] } = someThreads(1);
  alone!.membership.port = 9_464;
  for (let i = 0; i < 3; i++) {
    alone!.fail();
    world.pass(250);
  }
  assertEquals(alone!.told, ["+push", "+port", "+worker"]);
  assertEquals(alone!.membership.port, 9_464);
  world.start(2);
  world.pass(3_000);
  for (let i = 0; i < 3; i++) {
    alone!.fail();
    world.pass(250);
  }
  assertEquals(theHolder(world), alone);
});

Deno.test("one that is terminated is replaced after two seconds of silence", () => {
  const { world } = someThreads(4);
  const holder = theHolder(world);
  holder.terminate();
  world.pass(1_500);
  assert(holder.membership.has("push"));
  world.pass(1_000);
  assert(theHolder(world) !== holder);
});

Deno.test("one that hung and was replaced does not have the role when it goes on", () => {
  const { world } = someThreads(4);
  const holder = theHolder(world);
  const term = holder.membership.termOf("push");
  holder.hangs = true;
  world.pass(3_000);
  // Before its first heartbeat.
  assertEquals(holder.membership.has("push"), false);
  assert(holder.membership.termOf("push") > term);
  holder.hangs = false;
  world.pass(500);
  assert(theHolder(world) !== holder);
  assertEquals(holder.told.filter((change) => change.endsWith("push")), ["+push", "-push"]);
});

Deno.test("of two that had it before they met, one has it afterwards, and keeps its port", () => {
  let isDeaf = true;
  const world = new World({ loses: () => isDeaf });
  const [first, second] = [world.start(1), world.start(2)];
  world.pass(3_000);
  assertEquals(holders(world, "port").length, 2);
  first.membership.port = 9_464;
  isDeaf = false;
  world.pass(1_000);
  assertEquals(theHolder(world, "port"), first, "the older");
  assertEquals(second.told.slice(-3).toSorted(), ["-port", "-push", "-worker"]);
  assertEquals(second.membership.port, 9_464);
});

Deno.test("what the younger had goes over where the older has nothing", () => {
  let isDeaf = true;
  const world = new World({ loses: () => isDeaf });
  const older = world.start(1);
  const younger = world.start(2);
  assert(younger.membership.acquire("port"));
  younger.membership.port = 9_464;
  isDeaf = false;
  // Neither has listened for long enough to take one.
  world.pass(750);
  assertEquals(theHolder(world, "port"), younger);
  assertEquals(older.membership.port, 9_464);
  assertEquals(younger.told, ["+port"]);
});

Deno.test("the roles outlive the oldest buffer's thread, and its being forgotten", () => {
  const { world, threads: [first, second, third] } = someThreads(3);
  first!.membership[Symbol.dispose]();
  world.pass(1_000);
  const holder = theHolder(world);
  for (const { membership } of [second!, third!]) membership.forget(incarnationOf(1));
  world.pass(5_000);
  assertEquals(theHolder(world), holder);
  const late = world.start(4);
  world.pass(10_000);
  assertEquals(theHolder(world), holder, "a late thread goes by the same buffer");
  for (const { membership } of [second!, third!, late]) {
    assertEquals(membership.oldest, incarnationOf(1));
  }
});

Deno.test("a thread takes at once what nobody has, where it is asked to, and not what somebody has", () => {
  const world = new World();
  const [first, second] = [world.start(1), world.start(2)];
  world.pass(500);
  assert(first.membership.acquire("push"));
  assert(first.membership.acquire("push"));
  assertEquals(first.told, ["+push"]);
  assertEquals(second.membership.acquire("push"), false);
  first.membership[Symbol.dispose]();
  assert(second.membership.acquire("push"));
  assertEquals(first.membership.acquire("push"), false, "it has left");
});

Deno.test("a role that was given up is left to others for a while", () => {
  const { world } = someThreads(3);
  const holder = theHolder(world, "port");
  holder.membership.yield("port", 2_000);
  world.pass(250);
  assert(theHolder(world, "port") !== holder);
  const { world: alone, threads: [only] } = someThreads(1);
  only!.membership.yield("port", 2_000);
  alone.pass(1_750);
  assertEquals(holders(alone, "port"), []);
  alone.pass(500);
  assertEquals(holders(alone, "port"), [only]);
});

Deno.test("a holder that nobody has met is replaced after two seconds", () => {
  const { world, threads: [first] } = someThreads(1);
  const lost = world.start(2);
  world.pass(1_000);
  first!.membership[Symbol.dispose]();
  assert(lost.membership.acquire("push"));
  lost.terminate();
  // It knows the oldest buffer, but not the one that has the role.
  const late = world.start(3);
  late.membership.forget(incarnationOf(2));
  world.post({
    protocol: "busbar-threads/1",
    buffers: [{ buffer: first!.memory.buffer, name: "thread 1" }],
  });
  world.pass(1_750);
  assertEquals(late.membership.has("push"), false);
  world.pass(2_500);
  assert(late.membership.has("push"));
});

Deno.test("a thread that hangs keeps its worker's role while the worker runs, and no longer", () => {
  const { world } = someThreads(2);
  const starter = theHolder(world, "worker");
  const worker = world.start(8, { keeper: keeperOf(starter), roles: ["port"] });
  world.pass(1_000);
  starter.hangs = true;
  // Longer than a thread is silent that has ended.
  world.pass(40_000);
  assertEquals(theHolder(world, "worker"), starter);
  worker.terminate();
  world.pass(3_000);
  assert(theHolder(world, "worker") !== starter);
});

Deno.test("a worker ends with the thread that keeps it, at once, and leaves its roles", () => {
  const { world } = someThreads(1);
  const [first] = world.threads;
  const keeper = world.start(2, { roles: ["worker"] });
  first!.membership.yield("port", 60_000);
  const worker = world.start(3, { keeper: keeperOf(keeper), roles: ["port"] });
  world.pass(2_000);
  assertEquals(theHolder(world, "port"), worker);
  keeper.membership[Symbol.dispose]();
  worker.terminate();
  assertEquals(first!.states(), { 1: "alive", 2: "dead", 3: "dead" });
  assert(first!.membership.acquire("port"));
});

Deno.test("a thread takes no role at a heartbeat that it does not want", () => {
  const world = new World();
  const first = world.start(1, { roles: ["push"] });
  world.pass(3_000);
  assertEquals(first.told, ["+push"]);
  const second = world.start(2, { roles: ["port"] });
  world.pass(3_000);
  assertEquals(second.told, ["+port"]);
});

Deno.test("a worker knows from the start what its keeper knows, and takes its role at once", () => {
  const world = new World({ loses: () => true });
  const first = world.start(1, { roles: [] });
  const worker = world.start(2, { keeper: keeperOf(first), roles: ["port"] });
  assertEquals(worker.states(), { 1: "alive", 2: "alive" });
  world.pass(250);
  assert(worker.membership.has("port"));
  assertEquals(worker.membership.oldest, first.memory.incarnation);
});

Deno.test("a worker takes at once what a thread has left that its keeper has seen be silent", () => {
  const world = new World();
  const first = world.start(1, { roles: [] });
  const before = world.start(2, { roles: ["port"] });
  world.pass(2_000);
  assert(before.membership.has("port"));
  before.terminate();
  world.pass(2_500);
  const worker = world.start(3, { keeper: keeperOf(first), roles: ["port"] });
  assertEquals(worker.states(), { 1: "alive", 2: "hung", 3: "alive" });
  assert(worker.membership.acquire("port"));
});
