import type { ScrapeFormat } from "./scrape_format.ts";

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

function escape(character: string): string {
  return ESCAPES[character] ?? character;
}

/** A label's value between its quotes; both formats escape the same characters. */
export function escapeLabelValue(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/[\\"\n]/g, escape) : value;
}

/** A help text. OpenMetrics escapes quotes in it; Prometheus text would show the backslash. */
export function escapeHelp(help: string, format: ScrapeFormat): string {
  return help.replace(format === "openmetrics" ? /[\\"\n]/g : /[\\\n]/g, escape);
}

/** A value: an integer stays one. */
export function formatNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}

/**
 * A bucket's bound. It is text that tells series apart, so each format writes it as its other
 * clients do: OpenMetrics asks for floats (`1.0`, `1e+06`), Prometheus text has plain numbers.
 */
export function formatBound(bound: number, format: ScrapeFormat): string {
  if (format === "prometheus" || !Number.isFinite(bound)) return formatNumber(bound);
  const size = Math.abs(bound);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return bound.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = String(bound);
  return text.includes(".") ? text : `${text}.0`;
}
