/**
 * A process with OTEL_DENO=true: three requests at once, each with a span of its own, publish an
 * event that is logged, at a level of its own. It prints the requests' trace ids.
 */
import { trace } from "@opentelemetry/api";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { fromActiveContext } from "@busbar/busbar/subscribers";

type Level = "info" | "warn" | "error";
interface Events {
  "request.handled": { level: Level };
}

const { catalog } = declare<Events>();
const obs = await startObservability({
  catalog: catalog({
    logs: {
      "request.handled": {
        level: ({ metadata }) => metadata.level,
        body: ({ metadata }) => `handled at ${metadata.level}`,
      },
    },
  }),
  metricsEnabled: false,
  logger: { warn() {} },
});
const traceIds: Record<string, string> = {};
const request = (level: Level) =>
  trace.getTracer("app").startActiveSpan(level, async (span) => {
    await null;
    obs.bus.publish("request.handled", { level }, fromActiveContext());
    traceIds[level] = span.spanContext().traceId;
    span.end();
  });
await Promise.all((["info", "warn", "error"] as const).map(request));
await obs.shutdown();
await fetch(Deno.env.get("TRACE_IDS_URL")!, { method: "POST", body: JSON.stringify(traceIds) });
