import type { AnyEvents } from "../events/event_map.ts";
import { invalidArgument } from "../internal/arguments.ts";
import { type Catalog, CATALOG_SECTIONS, checkCatalog } from "./catalog.ts";
import type { LogDeclaration } from "./log.ts";

/**
 * Any catalog, whatever its events, also one that another copy of Busbar declared: a library's, whose
 * `@busbar/core` is not the application's `@busbar/busbar`.
 */
// The compiler compares the types of two copies member by member: a log declaration's event then has
// to be any, for one whose type is any string is none of a certain type.
// deno-lint-ignore no-explicit-any -- a catalog of one event map is none of another
export interface AnyCatalog extends Omit<Catalog<any>, "logs"> {
  /** Log records by event type. */
  // deno-lint-ignore no-explicit-any -- see above
  readonly logs?: { readonly [type: string]: LogDeclaration<any> | undefined } | undefined;
}

/**
 * The events of a catalog, or of several: all that any of them knows.
 *
 * @example
 * ```ts
 * import { type CombinedEvents, declare } from "@busbar/busbar/catalog";
 *
 * const cache = declare<{ "cache.read": { hit: boolean } }>().catalog({});
 * const shop = declare<{ "order": { cents: number } }>().catalog({});
 * type AppEvents = CombinedEvents<[typeof cache, typeof shop]>;
 * const event: AppEvents["order"] = { cents: 250 };
 * if (event.cents !== 250) throw new Error("not the order's metadata");
 * ```
 */
// Functions of which each takes other events are, together, a function that takes all of them.
export type CombinedEvents<Catalogs> =
  ((Catalogs extends readonly (infer Each)[] ? Each : Catalogs) extends infer One
    ? One extends Catalog<infer Events> ? (events: Events) => void : never
    : never) extends (events: infer All) => void ? All extends object ? All : never : never;

/** What one declaration in a section is called in an error. */
const NOUNS = {
  events: "description of",
  metrics: "metric",
  spans: "span",
  logs: "log of",
} as const;

/**
 * Makes one catalog of several: a library's and an application's, for one dashboard or one bus.
 * Each is checked, and so is what they are together. One of them may stand there twice.
 *
 * @example
 * ```ts
 * import { combineCatalogs, declare } from "@busbar/busbar/catalog";
 *
 * const cache = declare<{ "cache.read": { hit: boolean } }>();
 * const shop = declare<{ "order": { cents: number } }>();
 * const both = combineCatalogs([
 *   cache.catalog({ metrics: { "cache.reads": cache.counter("cache.read") } }),
 *   shop.catalog({ metrics: { "shop.orders": shop.counter("order") } }),
 * ]);
 * const names = Object.keys(both.metrics ?? {}).join();
 * if (names !== "cache.reads,shop.orders") throw new Error(names);
 * ```
 *
 * @returns the catalog of all their events
 * @throws {TypeError} if two of them declare something different under one name, or if metrics of
 * two would have the same name in a scrape
 */
export function combineCatalogs<
  const Catalogs extends AnyCatalog | readonly AnyCatalog[],
>(catalogs: Catalogs): Catalog<CombinedEvents<Catalogs>> {
  const list: readonly Catalog<AnyEvents>[] = Array.isArray(catalogs) ? catalogs : [catalogs];
  const checked = list.map((catalog) => checkCatalog(catalog));
  const all = CATALOG_SECTIONS.map((section) => [section, union(section, checked)] as const)
    .filter(([, declarations]) => declarations !== undefined);
  return checkCatalog(Object.fromEntries(all));
}

/** All declarations of a section by their names. */
function union(
  section: keyof typeof NOUNS,
  catalogs: readonly Catalog<AnyEvents>[],
): Record<string, unknown> | undefined {
  const sections = catalogs.map((catalog) => catalog[section]).filter((given) =>
    given !== undefined
  );
  if (sections.length === 0) return undefined;
  const all = new Map<string, unknown>();
  for (const [name, declaration] of sections.flatMap((given) => Object.entries<unknown>(given))) {
    if (all.has(name) && all.get(name) !== declaration) {
      const what = `the ${NOUNS[section]} ${JSON.stringify(name)}`;
      invalidArgument(TypeError, "combine catalogs", what, "declared once", "two declarations");
    }
    all.set(name, declaration);
  }
  return Object.fromEntries(all);
}
