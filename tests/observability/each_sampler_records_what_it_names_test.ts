import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { type ObservabilityOptions, startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

interface JobEvents {
  "job.start": { parent: string };
  "job.end": undefined;
}

const { catalog, span } = declare<JobEvents>();
const jobs = catalog({ spans: { job: span("job.start", "job.end") } });
const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
const PARENTS: Readonly<Record<string, string | undefined>> = {
  root: undefined,
  sampled: `${PARENT}-01`,
  unsampled: `${PARENT}-00`,
};

type Sampler = ObservabilityOptions["sampler"];

/** Of which parents the spans are recorded. */
async function recorded(sampler: Sampler): Promise<string[]> {
  await using receiver = await OtlpReceiver.start();
  await using obs = await startObservability<JobEvents>({
    env: () => undefined,
    logger: new MemoryLogger(),
    catalog: jobs,
    tracingEnabled: true,
    metricsEnabled: false,
    otlp: { endpoint: receiver.endpoint },
    sampler,
  });
  for (const [parent, traceparent] of Object.entries(PARENTS)) {
    obs.bus.publish("job.start", { parent }, { sessionId: parent, traceparent });
    obs.bus.publish("job.end", undefined, { sessionId: parent });
  }
  await obs.flush();
  // deno-lint-ignore no-explicit-any -- read as a receiver would
  const spans: any[] = receiver.received[0]?.body.resourceSpans[0].scopeSpans[0].spans ?? [];
  return spans.map(({ attributes: [{ value }] }) => value.string);
}

const SAMPLERS: [sampler: Sampler, parents: string[]][] = [
  [undefined, ["root", "sampled"]],
  [{ name: "always_on" }, ["root", "sampled", "unsampled"]],
  [{ name: "always_off" }, []],
  [{ name: "traceidratio", ratio: 1 }, ["root", "sampled", "unsampled"]],
  [{ name: "traceidratio", ratio: 0 }, []],
  [{ name: "parentbased_always_on" }, ["root", "sampled"]],
  [{ name: "parentbased_always_off" }, ["sampled"]],
  [{ name: "parentbased_traceidratio", ratio: 1 }, ["root", "sampled"]],
  [{ name: "parentbased_traceidratio", ratio: 0 }, ["sampled"]],
];

for (const [sampler, parents] of SAMPLERS) {
  const { name = "by default", ratio } = sampler ?? {};
  const title = ratio === undefined ? name : `${name} of ${ratio}`;
  Deno.test(`${title}: spans are recorded of ${parents.join(", ") || "none"}`, async () => {
    assertEquals(await recorded(sampler), parents);
  });
}
