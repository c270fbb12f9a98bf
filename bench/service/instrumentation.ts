import process from "node:process";

/** What a request of a service does, beside what it is there for. */
export interface Instrumentation<Request> {
  /** The request has arrived. */
  begin(): Request;
  /** Its query has begun and ended. */
  query(request: Request): void;
  /** It has been answered. */
  end(request: Request): void;
  /** Resolves when nothing is under way, to how many requests and queries its metrics have. */
  settle(): Promise<Delivered>;
  shutdown(): unknown;
}

/** What the metrics of a service say. */
export interface Delivered {
  readonly counted: number;
  readonly timed: number;
}

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
