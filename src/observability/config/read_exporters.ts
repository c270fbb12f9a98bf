import type { EnvReader, EnvValue } from "./env_value.ts";
import { SIGNALS } from "./settings.ts";

const KNOWN = {
  traces: ["otlp", "console"],
  metrics: ["otlp", "prometheus", "console"],
  logs: ["otlp", "console"],
} as const;

/** Reads `OTEL_TRACES_EXPORTER`, `OTEL_METRICS_EXPORTER` and `OTEL_LOGS_EXPORTER`. */
export function readExporters(
  read: EnvReader,
  values: Map<string, EnvValue>,
  problems: Map<string, string>,
): void {
  for (const signal of SIGNALS) {
    const name = `OTEL_${signal.toUpperCase()}_EXPORTER`;
    const text = read(name);
    if (text === undefined) continue;
    const set = (path: string, value: boolean) => values.set(path, { name, value });
    const known: readonly string[] = KNOWN[signal];
    const asked = text.toLowerCase().split(",").map((exporter) => exporter.trim())
      .filter((exporter) => exporter !== "");
    const exporters = asked.filter((exporter) => known.includes(exporter));
    const isNone = asked.length > 0 && asked.every((exporter) => exporter === "none");
    if (!isNone && exporters.length < asked.length) {
      const others = asked.filter((exporter) => !known.includes(exporter));
      const rule = [...known, "none"].map((exporter) => JSON.stringify(exporter)).join(", ");
      const what = others.every((exporter) => exporter === "none")
        ? `"none" counts on its own only, received ${JSON.stringify(asked.join(","))}`
        : `must be of ${rule}, received ${JSON.stringify(others.join(","))}`;
      problems.set(name, what);
    }
    if (isNone && signal !== "logs") {
      set(signal === "traces" ? "tracingEnabled" : "metricsEnabled", false);
      continue;
    }
    if (!isNone && exporters.length === 0) continue;
    // Log records have other ways out than OTLP: without an exporter they are made all the same.
    set(`otlp.${signal}.enabled`, exporters.includes("otlp"));
    if (exporters.includes("console")) set(`console.${signal}`, true);
    if (signal === "traces") set("tracingEnabled", true);
    if (signal === "metrics") set("prometheus.enabled", exporters.includes("prometheus"));
  }
}
