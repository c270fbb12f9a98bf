// The worker that the threads of worker_of_threads.ts name.
import process from "node:process";
import { startObservability } from "@busbar/busbar/observability";
import { COUNTED, PORT } from "./counted_by_threads.ts";

await startObservability({
  ...COUNTED,
  threads: { name: "metrics" },
  prometheus: { port: Number(process.env[PORT]) },
});
