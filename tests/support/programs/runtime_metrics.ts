// deno-lint-ignore-file no-console -- it prints what it has read
import { startObservability } from "@busbar/busbar/observability";

// Nothing ends it: it has nothing left to do.
const obs = await startObservability({ env: () => undefined, prometheus: { enabled: false } });
let scrape = "";
while (!scrape.includes("nodejs_eventloop_delay_max")) {
  scrape = await obs.scrape();
  await new Promise((resolve) => setTimeout(resolve, 0));
}
console.log(JSON.stringify(scrape.split("\n").map((line) => /^# TYPE (\S+)/.exec(line)?.[1])));
