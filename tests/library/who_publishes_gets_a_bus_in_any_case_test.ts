import { assertEquals } from "@std/assert";
import type * as library from "@busbar/busbar/library";
import type * as core from "@busbar/busbar";
import { loadCopy } from "../support/package_copies.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const KEY = Symbol.for("@busbar/busbar");
const slots = globalThis as { [KEY]?: unknown };

const hostile = new Proxy({}, {
  get() {
    throw new Error("do not touch");
  },
});

/** What may stand in the place of the process-wide bus, and is none of ours. */
const FOREIGN: Readonly<Record<string, PropertyDescriptor>> = {
  "a number": { value: 5 },
  "an empty object": { value: {} },
  "a slot without a bus": { value: { version: 1 } },
  "a slot with another's bus": { value: { version: 1, bus: {} } },
  "a slot whose version is no text": { value: { version: Symbol("1"), bus: {} } },
  "a proxy that throws": { value: hostile },
  "a getter that throws": {
    get() {
      throw new Error("do not touch");
    },
  },
  // As where `globalThis` is frozen.
  "nothing, and nothing can be set": { value: undefined, writable: false },
};

/** Runs `body` while something else stands where copies look for the process-wide bus. */
async function withForeign(foreign: PropertyDescriptor, body: () => Promise<void>): Promise<void> {
  const { [KEY]: before } = slots;
  const { warn } = console;
  Object.defineProperty(globalThis, KEY, { ...foreign, configurable: true });
  // deno-lint-ignore no-console -- what says so has no other place
  console.warn = () => {
    throw new Error("no console");
  };
  try {
    await body();
  } finally {
    // deno-lint-ignore no-console -- as above
    console.warn = warn;
    Object.defineProperty(globalThis, KEY, { value: before, writable: true, configurable: true });
  }
}

Deno.test("who publishes gets a bus, whatever stands where copies share theirs", async () => {
  await using folder = await temporaryFolder();
  for (const [what, foreign] of Object.entries(FOREIGN)) {
    const { getEventBus } = await loadCopy<typeof library>(folder.path, "@busbar/busbar/library");
    await withForeign(foreign, () => {
      for (let i = 0; i < 2; i++) assertEquals(getEventBus().publish("job.done"), false, what);
      return Promise.resolve();
    });
  }
});

Deno.test("a copy that finds no bus to share keeps to its own", async () => {
  await using folder = await temporaryFolder();
  for (const [what, foreign] of Object.entries(FOREIGN)) {
    const copy = await loadCopy<typeof core>(folder.path, "@busbar/busbar");
    await withForeign(foreign, async () => {
      await using bus = copy.initEventBus();
      assertEquals(copy.getEventBus() === bus, true, what);
      assertEquals(copy.isObservabilityEnabled(), true, what);
    });
  }
});
