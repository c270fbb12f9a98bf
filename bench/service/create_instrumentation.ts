import process from "node:process";
import type { Instrumentation } from "./instrumentation.ts";

/** The one that the variable `SERVICE` names: `bare`, `hooked`, `busbar` or `direct`. */
export async function createInstrumentation(): Promise<Instrumentation<unknown>> {
  switch (process.env["SERVICE"]) {
    case "bare":
      return (await import("./bare.ts")).create();
    case "hooked":
      return await (await import("./busbar.ts")).create({ hooked: true });
    case "busbar":
      return await (await import("./busbar.ts")).create();
    default: {
      // Not type-checked: what it imports brings Node's types, which are not Deno's.
      const file = "./direct.mjs";
      return (await import(file)).create();
    }
  }
}
