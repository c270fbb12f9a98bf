/** A process with OTEL_DENO=true, until what it waits for has been answered. */
import { startObservability } from "@busbar/busbar/observability";

const obs = await startObservability();
await (await fetch(Deno.env.get("WAIT_URL") ?? "")).body?.cancel();
await obs.shutdown();
