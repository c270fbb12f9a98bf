import { assertEquals } from "@std/assert";
import { World } from "../../support/threads_world.ts";

function twoThreads() {
  const world = new World();
  const [first, second] = [world.start(1), world.start(2)];
  world.pass(1_000);
  return { world, first, second };
}

Deno.test("a thread that hangs is told from one that runs after two seconds, and again when it goes on", () => {
  const { world, first, second } = twoThreads();
  second.hangs = true;
  world.pass(1_750);
  assertEquals(first.states(), { 1: "alive", 2: "alive" });
  world.pass(500);
  assertEquals(first.states(), { 1: "alive", 2: "hung" });
  second.hangs = false;
  world.pass(250);
  assertEquals(first.states(), { 1: "alive", 2: "alive" });
});

Deno.test("one that is silent for half a minute has ended, but for its own word", () => {
  const { world, first, second } = twoThreads();
  second.hangs = true;
  world.pass(29_500);
  assertEquals(first.states()[2], "hung");
  world.pass(1_000);
  assertEquals(first.states()[2], "dead");
  second.hangs = false;
  world.pass(250);
  assertEquals(first.states()[2], "alive");
});

Deno.test("one that says goodbye has ended at once", () => {
  const { first, second } = twoThreads();
  second.membership[Symbol.dispose]();
  second.membership[Symbol.dispose]();
  assertEquals(first.states(), { 1: "alive", 2: "dead" });
});

Deno.test("while a thread hangs itself, or the process stands still, nobody is silent", () => {
  const { world, first, second } = twoThreads();
  world.standStill(60_000);
  assertEquals([first.states(), second.states()], [
    { 1: "alive", 2: "alive" },
    { 1: "alive", 2: "alive" },
  ]);
  world.pass(250);
  assertEquals(first.states(), { 1: "alive", 2: "alive" });
});
