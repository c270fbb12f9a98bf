import type { Catalog } from "../catalog/catalog.ts";
import type { EventDescription } from "../catalog/event_description.ts";
import { markdownCell, markdownCode, markdownText } from "./escape.ts";
import { describeMetrics, withWindow } from "./described_metric.ts";

/** At the head of each document, so that nobody edits it by hand. */
const GENERATED =
  "This page is generated from the catalog. Do not edit it; change the catalog instead.";

/**
 * Describes a catalog's events: type, meaning, metadata with units, and what the events become.
 *
 * @param title the document's first heading
 */
export function eventsMarkdown<Events extends object>(
  catalog: Catalog<Events>,
  title = "Events",
): string {
  const descriptions = (catalog.events ?? {}) as Record<string, EventDescription>;
  const sections = Object.entries(descriptions).map(([type, { description, metadata }]) => {
    const fields = Object.entries<{ description: string; unit?: string } | undefined>(
      metadata ?? {},
    );
    const lines = [`## ${markdownCode(type)}`, "", markdownText(description), ""];
    if (fields.length > 0) {
      lines.push(
        table(
          ["metadata", "unit", "meaning"],
          fields.map(([name, field]) => [
            markdownCell(name),
            markdownText(field?.unit ?? ""),
            markdownText(field?.description ?? ""),
          ]),
        ),
        "",
      );
    }
    const becomes = whatItBecomes(catalog, type);
    if (becomes.length > 0) lines.push(`Becomes: ${becomes.join(", ")}.`, "");
    return lines.join("\n");
  });
  return [`# ${markdownText(title)}`, "", GENERATED, "", ...sections].join("\n");
}

/**
 * Describes a catalog's metrics: names, unit, type, labels, source, meaning, and a query.
 *
 * @param title the document's first heading
 */
export function metricsMarkdown<Events extends object>(
  catalog: Catalog<Events>,
  title = "Metrics",
): string {
  const sections = describeMetrics(catalog).map((metric) =>
    [
      `## ${markdownCode(metric.name)}`,
      "",
      markdownText(metric.description),
      "",
      table(["", ""], [
        ["in a scrape", markdownCell(metric.scrapeName)],
        ["type", metric.prometheusType],
        ["unit", markdownText(metric.unit) || "none"],
        ["labels", metric.labels.map(markdownCell).join(", ") || "none"],
        ["from", metric.types.map(markdownCell).join(", ") || "read at the scrape"],
      ]),
      "",
      "```promql",
      withWindow(metric.query, "5m"),
      "```",
      "",
    ].join("\n")
  );
  return [`# ${markdownText(title)}`, "", GENERATED, "", ...sections].join("\n");
}

function whatItBecomes<Events extends object>(catalog: Catalog<Events>, type: string): string[] {
  const metrics = describeMetrics(catalog).filter(({ types }) => types.includes(type))
    .map(({ name }) => `the metric ${markdownCode(name)}`);
  const spans = Object.entries(catalog.spans ?? {})
    .filter(([, { start, end, announcedBy, failedBy, events }]) =>
      [start, end, ...announcedBy, ...failedBy, ...events?.keys() ?? []].includes(type)
    )
    .map(([name]) => `the span ${markdownCode(name)}`);
  const logs = Object.hasOwn(catalog.logs ?? {}, type) ? ["a log record"] : [];
  return [...metrics, ...spans, ...logs];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|");
}
