import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { OtlpReceiver } from "./support/otlp_receiver.ts";
const { catalog, counter } = declare<{hit: undefined}>();
const r = await OtlpReceiver.start();
const start = () => startObservability({ catalog: catalog({metrics:{hits: counter("hit")}}), serviceName:"x", threads:true, prometheus:{enabled:false}, loggingEnabled:false, env:()=>undefined, otlp:{endpoint:r.endpoint, metrics: {temporalityPreference: Deno.args[0] as "delta"}}});
const [a,b] = [await start(), await start()];
while (!(await b.scrape()).includes('alive"} 2') || !(await a.scrape()).includes('alive"} 2')) await new Promise(r => setTimeout(r, 20));
a.bus.publish("hit");
await a.flush(); await b.flush();
for (const {body} of r.received) {
  const rm = body.resourceMetrics[0];
  console.log(rm.resource.attributes.find((x: any) => x.key === "service.instance.id").value.string, rm.scopeMetrics.flatMap((s: any) => s.metrics).map((m: any) => m.name).join(" ").slice(0, 900));
}
await a.shutdown(); await b.shutdown();
await r[Symbol.asyncDispose]();
