import { assertEquals } from "@std/assert";
import { type ExitTarget, installExitHooks } from "@busbar/busbar/exit";
import { fakePage } from "../support/fake_page.ts";
import { fakeProcess } from "../support/fake_process.ts";

/** What counts how often it is flushed. */
function target() {
  const ends: string[] = [];
  const bus: ExitTarget = {
    stop: () => Promise.resolve(ends.push("stop")),
    flushSync: () => ends.push("flushSync"),
  };
  return { bus, ends };
}

Deno.test("a page that is hidden delivers, each time, and one that comes back does not", () => {
  using page = fakePage();
  const { bus, ends } = target();
  const hooks = installExitHooks(bus, { signals: [] });
  page.show("hidden");
  assertEquals(ends, ["flushSync"]);
  page.show("visible");
  assertEquals(ends, ["flushSync"]);
  page.show("hidden");
  assertEquals(ends, ["flushSync", "flushSync"]);
  hooks[Symbol.dispose]();
  page.show("hidden");
  assertEquals(ends.length, 2);
});

Deno.test("no page is kept out of the back/forward cache", () => {
  using page = fakePage();
  // Deno's own process asks for events of the window too.
  using _process = fakeProcess();
  const scope = globalThis as { Deno?: unknown };
  const deno = Object.getOwnPropertyDescriptor(scope, "Deno");
  // A page has none, and only Deno's process ends by `unload`.
  Reflect.deleteProperty(scope, "Deno");
  try {
    using _hooks = installExitHooks(target().bus, { signals: [] });
  } finally {
    if (deno !== undefined) Object.defineProperty(scope, "Deno", deno);
  }
  // Node has no global event target.
  assertEquals(page.heard, "addEventListener" in globalThis ? ["pagehide"] : []);
});
