import type { Exemplar } from "../../subscribers/metrics/series.ts";
import type { ScrapeFormat } from "./scrape_format.ts";
import type { Steps } from "../../internal/slices.ts";
import type { ExplicitHistogram } from "./buckets.ts";
import { escapeHelp, formatBound, formatNumber } from "./escape.ts";
import type { Family } from "./family.ts";
import type { LabelledText } from "./label_formatter.ts";

/**
 * How many series are written between two looks at the clock; a histogram's are as many as its
 * lines.
 */
const LINES_PER_STEP = 64;

/** Writes families in a format. */
export function* writeFamilies(
  families: readonly Family[],
  format: ScrapeFormat,
): Steps<string> {
  // Pieces are joined as they come: one text put together at the end is one long step.
  const pieces: string[] = [];
  for (const family of families) {
    pieces.push(metadata(family, format));
    yield* family.type === "histogram"
      ? writeHistograms(family, format, pieces)
      : writeNumbers(family, pieces);
  }
  if (format === "openmetrics") pieces.push("# EOF\n");
  return pieces.join("");
}

/** What stands above the series. Prometheus text knows neither units nor infos. */
function metadata({ name, type, unit, help }: Family, format: ScrapeFormat): string {
  if (format === "openmetrics") {
    const unitLine = unit !== "" && name.endsWith(`_${unit}`) ? `# UNIT ${name} ${unit}\n` : "";
    const helpLine = help === "" ? "" : `# HELP ${name} ${escapeHelp(help, format)}\n`;
    return `# TYPE ${name} ${type}\n${unitLine}${helpLine}`;
  }
  const plain = name + suffix(type);
  const helpLine = help === "" ? "" : `# HELP ${plain} ${escapeHelp(help, format)}\n`;
  return `${helpLine}# TYPE ${plain} ${type === "info" ? "gauge" : type}\n`;
}

function suffix(type: Family["type"]): string {
  return type === "counter" ? "_total" : type === "info" ? "_info" : "";
}

function* writeNumbers({ name, type, labels, values }: Family, pieces: string[]): Steps<void> {
  const sample = name + suffix(type);
  // Joined at once: added one by one they would be as many small objects, until all are joined.
  let lines: string[] = [];
  for (let i = 0; i < values.length; i++) {
    lines.push(
      sample,
      (labels[i] as LabelledText).text,
      " ",
      formatNumber(values[i] as number),
      "\n",
    );
    if (i % LINES_PER_STEP !== LINES_PER_STEP - 1) continue;
    pieces.push(lines.join(""));
    lines = [];
    yield;
  }
  pieces.push(lines.join(""));
}

function* writeHistograms(
  { name, labels, values }: Family,
  format: ScrapeFormat,
  pieces: string[],
): Steps<void> {
  let lines = 0;
  let texts: string[] = [];
  let bounds: readonly number[] | undefined;
  let layout: HistogramLayout = { name, format, endings: [] };
  for (let i = 0; i < values.length; i++) {
    const histogram = values[i] as ExplicitHistogram;
    if (histogram.bounds !== bounds) {
      bounds = histogram.bounds;
      const endings = bounds.map((bound) => `le="${formatBound(bound, format)}"} `);
      layout = { name, format, endings };
    }
    texts.push(writeHistogram(layout, labels[i] as LabelledText, histogram));
    lines += layout.endings.length + 3;
    if (lines < LINES_PER_STEP) continue;
    pieces.push(texts.join(""));
    texts = [];
    lines = 0;
    yield;
  }
  pieces.push(texts.join(""));
}

/** What the series of a histogram have in common, as long as their bounds are the same. */
interface HistogramLayout {
  readonly name: string;
  readonly format: ScrapeFormat;
  /** The label of each finite bound, up to the value. */
  readonly endings: readonly string[];
}

function writeHistogram(
  { name, format, endings }: HistogramLayout,
  { text: labels }: LabelledText,
  { bounds, counts, sum, sumGrows, exemplars }: ExplicitHistogram,
): string {
  const bucket = `${name}_bucket${labels === "" ? "{" : `${labels.slice(0, -1)},`}`;
  const marks = format === "openmetrics" && exemplars.length > 0
    ? exemplarMarks(exemplars, bounds)
    : undefined;
  let cumulative = 0;
  let text = "";
  for (let i = 0; i < endings.length; i++) {
    cumulative += counts[i] ?? 0;
    text += `${bucket}${endings[i]}${cumulative}${marks?.[i] ?? ""}\n`;
  }
  // Whatever lies above the last finite bound.
  for (let i = endings.length; i < counts.length; i++) cumulative += counts[i] ?? 0;
  text += `${bucket}le="+Inf"} ${cumulative}${marks?.[endings.length] ?? ""}\n`;
  // OpenMetrics: a sum is a counter, so that there is none where values may be negative; a count
  // stands where a sum does, and only there.
  const hasSum = sum !== undefined && (sumGrows || format === "prometheus");
  if (hasSum) text += `${name}_sum${labels} ${formatNumber(sum)}\n`;
  if (hasSum || format === "prometheus") text += `${name}_count${labels} ${cumulative}\n`;
  return text;
}

/** What stands behind each bucket's value: the newest exemplar that fell into it. */
function exemplarMarks(
  exemplars: readonly Exemplar[],
  bounds: readonly number[],
): (string | undefined)[] {
  const newest: (Exemplar | undefined)[] = [];
  for (const exemplar of exemplars) {
    const found = bounds.findIndex((bound) => exemplar.value <= bound);
    const index = found < 0 ? bounds.length : found;
    const other = newest[index];
    if (other === undefined || exemplar.timestampMs >= other.timestampMs) newest[index] = exemplar;
  }
  return Array.from(newest, (exemplar) => exemplar === undefined ? undefined : mark(exemplar));
}

function mark({ value, timestampMs, traceId, spanId }: Exemplar): string {
  const seconds = (timestampMs / 1_000).toFixed(3);
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${formatNumber(value)} ${seconds}`;
}
