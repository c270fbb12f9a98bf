import type { AnyEvents } from "../events/event_map.ts";
import { invalidArgument } from "../internal/arguments.ts";
import { invalidDeclaration } from "./declaration.ts";
import type { MetricDeclaration } from "./metric.ts";
import { familyName, seriesNames } from "./scrape_name.ts";

/** What every scrape says of its resource; no metric can be called so. */
const RESOURCE: ReadonlySet<string> = new Set(seriesNames("target", "info"));

/**
 * Refuses metrics of which one would hide another in a scrape, or be summed up with it: there,
 * names are written with fewer characters, and units and kinds add endings to them.
 */
export function assertNoCollision(
  metrics: Readonly<Record<string, MetricDeclaration<AnyEvents>>>,
): void {
  const owners = new Map<string, string>();
  for (const [name, { kind, unit }] of Object.entries(metrics)) {
    const type = kind === "upDownCounter" ? "gauge" : kind;
    for (const series of seriesNames(familyName(name, unit, type === "counter"), type)) {
      if (RESOURCE.has(series)) {
        const what = `the metric ${JSON.stringify(name)}`;
        invalidDeclaration(what, "its name in a scrape", "another than the resource's", series);
      }
      const owner = owners.get(series);
      if (owner !== undefined) {
        invalidArgument(
          TypeError,
          `declare the metrics ${JSON.stringify(owner)} and ${JSON.stringify(name)}`,
          "their names in a scrape",
          "different",
          series,
        );
      }
      owners.set(series, name);
    }
  }
}
