import { assert, assertEquals } from "@std/assert";
import { clocks } from "../../../src/internal/clocks.ts";
import { type Death, PushingWorld } from "../../support/pushing_world.ts";
import fc, { runs } from "../../support/properties.ts";

const thread = fc.nat(3);
const fate = fc.constantFrom("accepted", "refused");
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant("count"), thread, n: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 12, arbitrary: fc.record({ does: fc.constant("step"), thread, fate }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("hang"), thread }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("wake"), thread }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("beat"), thread }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("push"), thread, fate }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("meet"), thread }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("kill"), thread, fate }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("start") }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant("fold"),
      thread,
      dead: thread,
      dies: fc.constantFrom(undefined, "before", "after"),
    }),
  },
) as fc.Arbitrary<{
  does: string;
  thread: number;
  dead: number;
  n: number;
  dies: Death | undefined;
  fate: "accepted" | "refused";
}>;

Deno.test("whoever pushes, hangs, goes on and ends, all is pushed once but for what was on the way", async () => {
  const { setTimeout } = clocks;
  // Who waits for numbers that another thread holds need not wait long here.
  clocks.setTimeout = (callback) => setTimeout(callback, 0);
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 120 }),
        fc.boolean(),
        async (commands, meetAtOnce) => {
          const world = new PushingWorld();
          for (const one of [world.start(), world.start()]) world.meet(one);
          for (const { does, thread: at, dead, n, dies, fate } of commands) {
            if (does === "start") {
              if (world.threads.length < 6) world.start();
              if (meetAtOnce) world.threads.forEach((one) => world.meet(one));
              continue;
            }
            const one = world.threads[at % world.threads.length]!;
            const { member } = one.fake;
            if (does === "count") world.count(one, n % 3, n);
            if (does === "step") await world.step(one, fate);
            if (does === "hang" && member.state === "alive") member.state = "hung";
            // One that has not run for long is taken for dead, and may go on all the same.
            else if (does === "hang" && !one.isKilled) member.state = "dead";
            if (does === "wake" && !one.isKilled) member.state = "alive";
            if (does === "push") await world.push(one, fate);
            if (does === "beat" && member.state === "alive") world.beat(one);
            if (does === "meet") world.meet(one);
            if (does === "kill") world.kill(one, fate);
            if (does === "fold") {
              await world.fold(one, world.threads[dead % world.threads.length]!, dies);
            }
          }
          // In the end all go on that can, and one more pushes what is left.
          for (const one of world.threads) {
            if (one.isKilled) continue;
            one.fake.member.state = "alive";
            if (one.isBusy) await world.push(one);
            world.kill(one, "accepted");
          }
          const last = world.start();
          world.meet(last);
          await world.push(last);
          for (const [series, counted] of world.counted) {
            const received = world.received.get(series) ?? 0;
            const lost = world.lost.get(series) ?? 0;
            const perhapsLost = world.perhapsLost.get(series) ?? 0;
            const known = received + lost;
            const what = `${series}: ${counted} counted, ${received} received, ${lost} lost`;
            assert(known <= counted && counted <= known + perhapsLost, what);
          }
          // Who has not met the others pushes beside them.
          if (meetAtOnce) assertEquals(world.overlaps, 0);
          const told = world.logger.lines.length;
          assert(world.lost.size === 0 || told > 0, "it is told");
        },
      ),
      runs(200),
    );
  } finally {
    clocks.setTimeout = setTimeout;
  }
});

/** Threads that have all met. */
function startThreads(count: number) {
  const world = new PushingWorld();
  const threads = Array.from({ length: count }, () => world.start());
  threads.forEach((thread) => world.meet(thread));
  return { world, threads };
}

const hits = (world: PushingWorld) => world.received.get("hits 0") ?? 0;

Deno.test("a thread that hung with a push that is ready sends nothing once another has its role", async () => {
  const { world, threads: [a, b] } = startThreads(2);
  world.count(a!, 0, 1);
  await world.step(a!, "accepted");
  a!.fake.member.state = "hung";
  // It has not pushed yet.
  world.beat(b!);
  a!.fake.member.state = "alive";
  await world.push(a!);
  assertEquals(hits(world), 0);
  await world.push(b!);
  assertEquals(hits(world), 1);
  assertEquals(world.logger.lines, []);
});

Deno.test("what was on the way when its thread ended is told, counted, and not sent again", async () => {
  for (const fate of ["accepted", "refused"] as const) {
    const { world, threads: [a, b] } = startThreads(2);
    world.count(a!, 0, 1);
    world.count(b!, 0, 1);
    await world.send(a!);
    world.count(b!, 0, 4);
    world.kill(a!, fate);
    await world.push(b!);
    assertEquals(hits(world), fate === "accepted" ? 6 : 4);
    // The point of the counter, and that of the histogram.
    assertEquals(b!.deltas.inDoubt, 2);
    await world.push(b!);
    assertEquals(world.logger.lines, [
      "busbar: a thread ended or hung while it pushed what all have counted: whether 2 data points " +
      "have arrived is not known, and they are not pushed again",
    ]);
  }
});

Deno.test("while a request is on the way, what it does not hold is pushed as what came after it", async () => {
  const { world, threads: [a, b] } = startThreads(2);
  world.count(a!, 0, 1);
  await world.send(a!);
  a!.fake.member.state = "hung";
  world.beat(b!);
  a!.fake.member.state = "alive";
  world.count(b!, 0, 2);
  await world.push(b!);
  assertEquals(hits(world), 2);
  await world.push(a!);
  assertEquals(hits(world), 3);
  assertEquals(world.overlaps, 0);
});

Deno.test("what another thread has taken over is pushed by who knows that one", async () => {
  const { world, threads: [a, dead] } = startThreads(2);
  world.count(dead!, 0, 1);
  await world.push(a!);
  world.count(dead!, 0, 2);
  world.kill(dead!, "accepted");
  const folder = world.start();
  world.meet(folder);
  await world.fold(folder, dead!);
  await world.push(a!);
  assertEquals(hits(world), 1, "it has not met the one that has them");
  world.meet(a!);
  await world.push(a!);
  assertEquals(hits(world), 3);
});

Deno.test("a thread that ends while it takes over another leaves all of that to others", async () => {
  const { world, threads: [a, early, late, folder, other] } = startThreads(5);
  world.count(early!, 0, 2);
  world.count(late!, 0, 5);
  await world.push(a!);
  world.count(late!, 0, 1);
  world.count(other!, 0, 1);
  for (const one of [early, late]) world.kill(one!, "accepted");
  await world.fold(folder!, early!);
  await world.fold(folder!, late!, "before");
  assert(folder!.isKilled);
  await world.push(a!);
  assertEquals(hits(world), 9);
  world.count(a!, 0, 1);
  await world.fold(a!, folder!);
  world.count(other!, 0, 10);
  world.kill(other!, "accepted");
  await world.fold(a!, other!);
  await world.fold(a!, late!);
  assert(world.isFolded(late!), "another one takes it over");
  await world.push(a!);
  assertEquals(hits(world), 20);
});
