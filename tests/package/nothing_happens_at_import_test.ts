import { assertEquals } from "@std/assert";
import { runModule } from "../support/processes.ts";

/** What workerd refuses where a module is evaluated, beside `Math.random`, which is the same there each time. */
const FORBIDDEN = `
  const refuse = (holder, name) =>
    Object.defineProperty(holder, name, {
      value: () => {
        throw new Error(name + " is not for module level");
      },
    });
  for (const name of ["randomUUID", "getRandomValues"]) refuse(Crypto.prototype, name);
  for (const name of ["setTimeout", "setInterval", "setImmediate", "fetch"]) {
    refuse(globalThis, name);
  }
  refuse(Math, "random");
  refuse(AbortSignal, "timeout");
`;

Deno.test("to import an entry point makes nothing random, sets no timer and opens nothing", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile("deno.json"));
  const names = Object.keys(exports).map((entry) => `@busbar/busbar${entry.slice(1)}`);
  const specifiers = names.map((name) => import.meta.resolve(name));
  const { code, stdout, stderr } = await runModule(`
    ${FORBIDDEN}
    for (const specifier of ${JSON.stringify(specifiers)}) await import(specifier);
    console.log("imported");
  `);
  assertEquals([code, stdout], [0, "imported\n"], stderr);
});
