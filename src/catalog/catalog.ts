import type { AnyEvents, EventOf, EventTypeOf } from "../events/event_map.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import { invalidDeclaration } from "./declaration.ts";
import { assertDescription, type EventDescription } from "./event_description.ts";
import { assertLog, type LogDeclaration } from "./log.ts";
import type { MetricDeclaration } from "./metric.ts";
import { assertNoCollision } from "./scrape_collisions.ts";
import type { SpanDeclaration } from "./span.ts";

/** Which metrics, spans and log records a bus's events become: what `declare().catalog` returns. */
export interface Catalog<Events extends object> {
  /** Descriptions of the events, for generated documents. */
  readonly events?:
    | { readonly [Type in EventTypeOf<Events>]?: EventDescription<Events[Type]> }
    | undefined;
  /** Metrics by their OpenTelemetry name. */
  readonly metrics?: Readonly<Record<string, MetricDeclaration<Events>>> | undefined;
  /** Spans by their name. */
  readonly spans?: Readonly<Record<string, SpanDeclaration<Events>>> | undefined;
  /** Log records by event type. */
  readonly logs?:
    | { readonly [Type in EventTypeOf<Events>]?: LogDeclaration<EventOf<Events, Type>> }
    | undefined;
}

/** The sections of a catalog. */
export const CATALOG_SECTIONS = ["events", "metrics", "spans", "logs"] as const;

/**
 * Checks a catalog.
 *
 * @returns the catalog without what is `undefined` in it
 * @throws {TypeError} if a section, a name or a declaration is invalid, or if two metrics would
 * have the same name in a scrape
 */
export function checkCatalog<Events extends object>(given: Catalog<Events>): Catalog<Events> {
  assertObject("it", given);
  assertKnownNames("declare a catalog", "section", given, CATALOG_SECTIONS);
  const catalog: Catalog<AnyEvents> = Object.fromEntries(
    CATALOG_SECTIONS.filter((section) => given[section] !== undefined)
      .map((section) => [section, withoutUndefined(section, given[section])]),
  );
  const { events = {}, metrics = {}, spans = {}, logs = {} } = catalog;
  for (const [type, described] of Object.entries(events)) assertDescription(type, described);
  for (const [name, metric] of Object.entries(metrics)) assertMetric(name, metric);
  assertNoCollision(metrics);
  for (const [name, span] of Object.entries(spans)) assertSpan(name, span, spans);
  for (const [type, log] of Object.entries(logs)) assertLog(type, log);
  return catalog as Catalog<Events>;
}

function withoutUndefined(name: string, section: unknown): Record<string, unknown> {
  assertObject(name, section);
  return Object.fromEntries(Object.entries(section).filter(([, value]) => value !== undefined));
}

function assertObject(argument: string, value: unknown): asserts value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    invalidDeclaration("a catalog", argument, "an object", value);
  }
}

/** The name by OpenTelemetry's rule for instruments, and that a factory of metrics declared it. */
function assertMetric(name: string, metric: MetricDeclaration<AnyEvents>): void {
  if (!/^[A-Za-z][A-Za-z0-9_.\-/]{0,254}$/.test(name)) {
    invalidDeclaration(
      "a metric",
      "its name",
      "a letter, then up to 254 letters, digits, _ . - or /",
      name,
    );
  }
  if (!["event", "pair", "read"].includes(metric?.source)) {
    invalidDeclaration(`the metric ${JSON.stringify(name)}`, "it", "declared as a metric", metric);
  }
}

function assertSpan(
  name: string,
  span: SpanDeclaration<AnyEvents>,
  spans: NonNullable<Catalog<AnyEvents>["spans"]>,
): void {
  if (name === "") invalidDeclaration("a span", "its name", "at least one character", name);
  const what = `the span ${JSON.stringify(name)}`;
  if (!Array.isArray(span?.announcedBy)) invalidDeclaration(what, "it", "declared as a span", span);
  for (const parent of [span.parent ?? []].flat()) {
    if (!Object.hasOwn(spans, parent)) {
      invalidDeclaration(what, "parent", "a span of the catalog", parent);
    }
    if (spans[parent]?.whole !== undefined) {
      invalidDeclaration(what, "parent", "a span of a start and an end", parent);
    }
  }
}
