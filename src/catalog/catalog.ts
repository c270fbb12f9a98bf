import type { EventOf, EventTypeOf } from "../events/event_map.ts";
import { assertFunctions, refuse } from "./declaration.ts";
import type { EventDescription } from "./event_description.ts";
import { LOG_LEVELS, type LogDeclaration } from "./log.ts";
import type { MetricDeclaration } from "./metric.ts";
import type { SpanDeclaration } from "./span.ts";

/** Which metrics, spans and log records a bus's events become. */
export interface Catalog<Events extends object> {
  /** Descriptions of the events, for generated documents. */
  readonly events?: { readonly [Type in EventTypeOf<Events>]?: EventDescription<Events[Type]> };
  /** Metrics by their OpenTelemetry name. */
  readonly metrics?: Readonly<Record<string, MetricDeclaration<Events>>>;
  /** Spans by their name. */
  readonly spans?: Readonly<Record<string, SpanDeclaration<Events>>>;
  /** Log records by event type. */
  readonly logs?: {
    readonly [Type in EventTypeOf<Events>]?: LogDeclaration<EventOf<Events, Type>>;
  };
}

/**
 * Checks a catalog and returns it. It takes two calls, `defineCatalog<Events>()({ … })`: the first
 * names the event map, the second takes the declarations.
 *
 * It creates nothing: instruments are created when a subscriber is given the catalog.
 *
 * @example
 * ```ts
 * import { counter, defineCatalog, duration, pair } from "@busbar/busbar/catalog";
 *
 * interface ShopEvents {
 *   "checkout.start": { cart: string };
 *   "checkout.end": { total: number; status: "ok" | "declined" };
 * }
 *
 * const catalog = defineCatalog<ShopEvents>()({
 *   metrics: {
 *     "shop.checkouts": counter("checkout.end", {
 *       attributes: (event) => ({ status: event.metadata.status }),
 *     }),
 *     "shop.checkout.duration": duration("checkout.start", "checkout.end"),
 *   },
 *   spans: { checkout: pair("checkout.start", "checkout.end") },
 *   logs: { "checkout.end": { level: "info" } },
 * });
 * if (catalog.metrics?.["shop.checkouts"]?.kind !== "counter") throw new Error("not a counter");
 * ```
 *
 * @throws {TypeError} if a metric's name, a log level or a span's parent is invalid
 */
export function defineCatalog<Events extends object>(): (
  catalog: Catalog<Events>,
) => Catalog<Events> {
  return (catalog) => {
    for (const [name, metric] of Object.entries(catalog.metrics ?? {})) {
      assertMetricName(name);
      assertDeclared(`the metric ${JSON.stringify(name)}`, metric);
    }
    for (const [name, span] of Object.entries(catalog.spans ?? {})) {
      if (name === "") refuse("a span", "its name", "at least one character", name);
      assertDeclared(`the span ${JSON.stringify(name)}`, span);
      const { parent } = span;
      if (parent !== undefined && !Object.hasOwn(catalog.spans ?? {}, parent)) {
        refuse(`the span ${JSON.stringify(name)}`, "parent", "a span of the catalog", parent);
      }
    }
    for (
      const [type, log] of Object.entries(
        (catalog.logs ?? {}) as Record<string, LogDeclaration<never>>,
      )
    ) {
      const what = `the log of ${JSON.stringify(type)}`;
      assertDeclared(what, log);
      assertFunctions(what, { body: log.body, attributes: log.attributes });
      assertNames(what, log.redact ?? []);
      if (typeof log.level !== "function" && !LOG_LEVELS.includes(log.level)) {
        refuse(what, "level", `one of ${LOG_LEVELS.join(", ")}`, log.level);
      }
      const { maxPerSecond } = log;
      if (maxPerSecond !== undefined && !(maxPerSecond > 0)) {
        refuse(what, "maxPerSecond", "a number above 0", maxPerSecond);
      }
    }
    return catalog;
  };
}

/** Untyped code may leave one out. */
function assertDeclared(what: string, declaration: unknown): void {
  if (typeof declaration !== "object" || declaration === null) {
    refuse(what, "it", "declared", declaration);
  }
}

/** A single name would be taken for a list of its letters, and nothing be redacted. */
function assertNames(what: string, names: unknown): void {
  if (!Array.isArray(names) || names.some((name) => typeof name !== "string" || name === "")) {
    refuse(what, "redact", "a list of names", names);
  }
}

/** OpenTelemetry's rule for instrument names. */
function assertMetricName(name: string): void {
  if (!/^[A-Za-z][A-Za-z0-9_.\-/]{0,254}$/.test(name)) {
    refuse("a metric", "its name", "a letter, then up to 254 letters, digits, _ . - or /", name);
  }
}
