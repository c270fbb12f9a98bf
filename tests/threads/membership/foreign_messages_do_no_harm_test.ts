import { assertEquals } from "@std/assert";
import { createMemory, incarnationOf, World } from "../../support/threads_world.ts";

const hostile = new Proxy({}, {
  get() {
    throw new Error("it has getters that throw");
  },
});
const PROTOCOL = "busbar-threads/1";
const BUFFER = createMemory(incarnationOf(77)).buffer;

const MESSAGES: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  null: null,
  "a text": "busbar-threads/1",
  "an object of others": { hello: "world" },
  "another protocol": { protocol: "busbar-threads/2", buffers: [{ buffer: BUFFER, name: "x" }] },
  "what throws": hostile,
  "no lists": { protocol: PROTOCOL, have: 1, want: "x", forgotten: {}, buffers: "y" },
  "lists of anything": {
    protocol: PROTOCOL,
    have: [1, null, {}, hostile, ""],
    want: [undefined, Symbol()],
    forgotten: [NaN],
    buffers: [null, 1, "x", {}, hostile, { buffer: null, name: 7 }, { buffer: {}, name: "z" }],
  },
  "buffers of others": {
    protocol: PROTOCOL,
    buffers: [0, 4, 128, 4_096].map((bytes) => ({
      buffer: new SharedArrayBuffer(bytes),
      name: "foreign",
    })),
  },
  "bytes that are not shared": {
    protocol: PROTOCOL,
    buffers: [{ buffer: new ArrayBuffer(140), name: "x" }],
  },
  "a million incarnations": { protocol: PROTOCOL, have: Array(1_000_000).fill("x") },
};

for (const [what, message] of Object.entries(MESSAGES)) {
  Deno.test(`${what} on the channel changes nothing`, () => {
    const world = new World();
    const [first, second] = [world.start(1), world.start(2)];
    world.pass(3_000);
    world.post(message);
    world.pass(3_000);
    assertEquals(first.states(), { 1: "alive", 2: "alive" });
    assertEquals(second.knows(), [1, 2]);
    assertEquals([...first.logger.lines, ...second.logger.lines], []);
  });
}

Deno.test("a name is cut, and one that is no text is made up", () => {
  const world = new World();
  const { membership } = world.start(1);
  const names = ["x".repeat(10_000), 7];
  const buffers = names.map((name, i) => ({
    buffer: createMemory(incarnationOf(0xabcd0000 + i)).buffer,
    name,
  }));
  world.post({ protocol: PROTOCOL, buffers });
  const [, long, made] = membership.members();
  assertEquals(long?.name, `${"x".repeat(200)}… (9800 more)`);
  assertEquals(made?.name, "00000000");
});
