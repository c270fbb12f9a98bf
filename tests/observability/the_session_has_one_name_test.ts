import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { toAttributes } from "../support/otlp_attributes.ts";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

interface JobEvents {
  "job.start": undefined;
  "job.end": undefined;
}

const { catalog, span } = declare<JobEvents>();
const jobs = catalog({
  spans: { job: span("job.start", "job.end") },
  logs: { "job.end": { level: "info" } },
});

for (const sessionIdAttribute of [undefined, "session_id"]) {
  const expected = sessionIdAttribute ?? "session.id";

  Deno.test(
    `log records hold the session as ${expected}, spans ${
      sessionIdAttribute === undefined ? "do not" : "too"
    }`,
    async () => {
      await using receiver = await OtlpReceiver.start();
      const obs = await startObservability({
        catalog: jobs,
        sessionIdAttribute,
        tracingEnabled: true,
        otlp: { endpoint: receiver.endpoint },
        env: () => undefined,
        logger: new MemoryLogger(),
      });
      obs.bus.publish("job.start", undefined, { sessionId: "s" });
      obs.bus.publish("job.end", undefined, { sessionId: "s" });
      await obs.shutdown();
      const body = (path: string) => receiver.received.find((push) => push.path === path)?.body;
      const [{ attributes: ofSpan }] = body("/v1/traces").resourceSpans[0].scopeSpans[0].spans;
      const [{ attributes: ofRecord }] = body("/v1/logs").resourceLogs[0].scopeLogs[0].logRecords;
      const asked = sessionIdAttribute === undefined ? {} : { [expected]: "s" };
      assertEquals([ofSpan ?? [], ofRecord].map(toAttributes), [asked, { [expected]: "s" }]);
    },
  );
}
