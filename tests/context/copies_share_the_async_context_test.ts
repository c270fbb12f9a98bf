import { assertEquals } from "@std/assert";
import type * as context from "@busbar/busbar/context";
import { currentContext, operation, withSession } from "@busbar/busbar/context";
import { EventBus } from "@busbar/busbar";
import { loadCopy } from "../support/package_copies.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const ENTRY = "@busbar/busbar/context";
const KEY = Symbol.for("@busbar/busbar/async-storage.1");

/** Runs `body` while something else stands in a global place. */
async function withGlobal(
  name: string | symbol,
  other: PropertyDescriptor,
  body: () => Promise<void>,
): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { ...other, configurable: true });
  try {
    await body();
  } finally {
    Reflect.deleteProperty(globalThis, name);
    if (before !== undefined) Object.defineProperty(globalThis, name, before);
  }
}

Deno.test("a session that one copy of the package begins is current in the others", async () => {
  await using folder = await temporaryFolder();
  const copy = await loadCopy<typeof context>(folder.path, ENTRY);
  assertEquals(copy.currentContext(), undefined);
  withSession({ sessionId: "s" }, () => {
    assertEquals(copy.currentContext()?.sessionId, "s");
    copy.withSession({ sessionId: "t" }, () => assertEquals(currentContext()?.sessionId, "t"));
  });
  await using bus = new EventBus({ context: currentContext }).start();
  const sessions: string[] = [];
  bus.subscribeAll((event) => sessions.push(event.sessionId));
  withSession({ sessionId: "s" }, () => {
    copy.operation(bus, ["a", "b"], undefined, (op) => {
      operation(bus, ["c", "d"], undefined, (op) => op.end());
      return op.end();
    });
  });
  await bus.flush();
  assertEquals(sessions, ["s", "s", "s", "s"]);
});

const hostile = new Proxy({}, {
  get() {
    throw new Error("do not touch");
  },
});

Deno.test("whatever stands where copies share it, a session is current within a copy", async () => {
  await using folder = await temporaryFolder();
  const foreign: PropertyDescriptor[] = [
    { value: 5 },
    { value: {} },
    { value: { run: () => 5 } },
    { value: null },
    { value: hostile },
    { value: undefined, writable: false },
  ];
  for (const other of foreign) {
    const copy = await loadCopy<typeof context>(folder.path, ENTRY);
    await withGlobal(KEY, other, async () => {
      await copy.withSession({ sessionId: "s" }, async () => {
        await null;
        assertEquals(copy.currentContext()?.sessionId, "s");
      });
    });
  }
});

Deno.test("without an AsyncLocalStorage nothing is current, and all else works", async () => {
  await using folder = await temporaryFolder();
  const processes: PropertyDescriptor[] = [
    { value: undefined },
    { value: {} },
    { value: { getBuiltinModule: () => undefined } },
    { value: { getBuiltinModule: () => ({}) } },
    { value: { getBuiltinModule: 5 } },
    { value: hostile },
  ];
  for (const process of processes) {
    const copy = await loadCopy<typeof context>(folder.path, ENTRY);
    const bus = new EventBus({ context: copy.currentContext }).start();
    const sessions: string[] = [];
    bus.subscribeAll((event) => sessions.push(event.sessionId));
    await withGlobal(KEY, { value: undefined }, () =>
      withGlobal("process", process, async () => {
        await copy.withSession({ sessionId: "s" }, (session) => {
          assertEquals(copy.currentContext(), undefined);
          const work = () =>
            copy.operation(bus, ["a", "b"], undefined, async (op) => {
              await null;
              bus.publish("c", undefined, op);
              return op.end();
            }, { context: session });
          return work();
        });
      }));
    await bus.stop();
    assertEquals(sessions, ["s", "s", "s"]);
  }
});
