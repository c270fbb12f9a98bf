// deno-lint-ignore-file no-console -- a script prints what it does
/**
 * Has other people's programs read what leaves the process, for thousands of random catalogs, and
 * compares what they found with what the specifications say it must be.
 *
 * - `deno task check:conformance scrapes [--count 3000] [--stored 300] [--seed 1] [--plant FAULT]`:
 *   Prometheus' parsers and expfmt (Go), prometheus_client (Python), and a real Prometheus, the one
 *   that `PROMETHEUS_BIN` names or that is installed. What is missing is said and left out.
 * - `deno task check:conformance pushes [--count 300] [--seed 1]`: random spans, log records and metrics,
 *   pushed to a real Collector by Busbar's exporters and by OpenTelemetry's own; see
 *   `conformance/pushes.ts`.
 * - `deno task check:conformance build-prometheus PATH`: a Prometheus 3 for it, from the module proxy.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { FAULTS } from "./conformance/faults.ts";
import { checkScrapes } from "./conformance/scrapes.ts";
import { buildPrometheus } from "./conformance/tools.ts";

const [command = "scrapes", ...args] = Deno.args;
const COMMANDS: Readonly<Record<string, () => Promise<boolean>>> = {
  scrapes: async () => {
    const { values } = parseArgs({
      args,
      options: {
        count: { type: "string", default: "3000" },
        stored: { type: "string", default: "300" },
        seed: { type: "string", default: "1" },
        plant: { type: "string" },
      },
    });
    const { plant } = values;
    if (plant !== undefined && !Object.hasOwn(FAULTS, plant)) {
      throw new Error(
        `--plant must be one of ${Object.keys(FAULTS).join(", ")}, received ${plant}`,
      );
    }
    const [count, stored, seed] = [values.count, values.stored, values.seed].map(Number);
    return await checkScrapes({ count: count!, stored: stored!, seed: seed!, plant });
  },
  pushes: async () => {
    const { values } = parseArgs({
      args,
      options: {
        count: { type: "string", default: "300" },
        seed: { type: "string", default: "1" },
      },
    });
    // It has packages of its own, which the other half does without.
    const { runPushes } = await import("./conformance/pushes.ts");
    return await runPushes({ count: Number(values.count), seed: Number(values.seed) });
  },
  "build-prometheus": async () => {
    const [path] = args;
    if (path === undefined) throw new Error("build-prometheus needs a path");
    await buildPrometheus(path);
    return true;
  },
};

const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
if (run === undefined) {
  console.error(`There is no ${command}; there is ${Object.keys(COMMANDS).join(", ")}`);
  Deno.exit(2);
}
Deno.exit(await run() ? 0 : 1);
