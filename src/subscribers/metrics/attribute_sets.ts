import type { AttributeValue, EventAttributes } from "../../catalog/attributes.ts";
import type { Attributes } from "../otel_api.ts";

/**
 * OpenTelemetry's overflow series: what came after an instrument's limit of attribute sets
 * (opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits).
 */
const OVERFLOW_ATTRIBUTES: Attributes = Object.freeze({ "otel.metric.overflow": true });

const NO_ATTRIBUTES: EventAttributes = Object.freeze({});
/**
 * So many ways (orders of names) to reach one set are remembered; further ones are looked up anew.
 */
const PATHS_PER_SET = 4;

/** A node of the trie that finds a series: a name, and by its value the next node. */
class TrieNode<Series> {
  series: Series | undefined;
  /** Nearly always the same name comes next; others stand in `others`. */
  name: string | undefined;
  next: Map<AttributeValue, TrieNode<Series>> = new Map();
  others: Map<string, Map<AttributeValue, TrieNode<Series>>> | undefined;

  childrenOf(name: string): Map<AttributeValue, TrieNode<Series>> | undefined {
    return this.name === name ? this.next : this.others?.get(name);
  }

  childOf(name: string, value: AttributeValue): TrieNode<Series> {
    let next = this.childrenOf(name);
    if (next === undefined) {
      if (this.name === undefined) {
        this.name = name;
        next = this.next;
      } else {
        next = new Map();
        this.others ??= new Map();
        this.others.set(name, next);
      }
    }
    let node = next.get(value);
    if (node === undefined) next.set(value, node = new TrieNode());
    return node;
  }
}

/**
 * Finds the series of an attribute set: the same for equal sets, whatever the order of the names.
 * It holds at most `limit` series, the overflow's among them, and allocates nothing to find one
 * again.
 */
export class AttributeSets<Series> {
  readonly #limit: number;
  readonly #make: (attributes: Attributes) => Series;
  readonly #series: Series[] = [];
  readonly #root = new TrieNode<Series>();
  readonly #bySortedNames = new Map<string, Series>();
  #paths = 0;
  #overflow: Series | undefined;
  /** How often something was put into the overflow. */
  overflowed = 0;

  constructor(limit: number, make: (attributes: Attributes) => Series) {
    this.#limit = limit;
    this.#make = make;
  }

  /** All series, the oldest first. */
  get series(): readonly Series[] {
    return this.#series;
  }

  /** The series of a set, a new one if there is room, else the overflow's. */
  seriesOf(attributes: EventAttributes = NO_ATTRIBUTES): Series {
    let node: TrieNode<Series> | undefined = this.#root;
    for (const name in attributes) {
      const value = attributes[name];
      if (value === undefined || value === null) continue;
      node = node.childrenOf(name)?.get(value);
      if (node === undefined) return this.#resolve(attributes);
    }
    return node.series ?? this.#resolve(attributes);
  }

  #resolve(attributes: EventAttributes): Series {
    const valid = Object.entries(isObject(attributes) ? attributes : NO_ATTRIBUTES)
      .filter((entry): entry is [string, AttributeValue] => isAttributeValue(entry[1]));
    const sorted = valid.toSorted(([a], [b]) => a < b ? -1 : 1);
    const key = JSON.stringify(sorted, markType);
    let series = this.#bySortedNames.get(key);
    if (series === undefined) {
      if (this.#series.length >= this.#limit - (this.#overflow === undefined ? 1 : 0)) {
        return this.#overflowSeries();
      }
      series = this.#create(Object.freeze(Object.fromEntries(valid)) as Attributes);
      this.#bySortedNames.set(key, series);
    }
    this.#remember(valid, series);
    return series;
  }

  #remember(attributes: readonly [string, AttributeValue][], series: Series): void {
    // A list is another object each time: a path to it would never be walked again.
    if (attributes.some(([, value]) => typeof value === "object")) return;
    if (this.#paths >= this.#limit * PATHS_PER_SET) return;
    this.#paths++;
    let node = this.#root;
    for (const [name, value] of attributes) node = node.childOf(name, value);
    node.series = series;
  }

  #overflowSeries(): Series {
    this.overflowed++;
    return this.#overflow ??= this.#create(OVERFLOW_ATTRIBUTES);
  }

  #create(attributes: Attributes): Series {
    const series = this.#make(attributes);
    this.#series.push(series);
    return series;
  }
}

/** JSON writes NaN as null: each number is written as text, marked so that no text is like it. */
function markType(_name: string, value: unknown): unknown {
  return typeof value === "number" ? `#${value}` : typeof value === "string" ? `=${value}` : value;
}

/** Untyped code may hand over anything: what has no names has no attributes. */
function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What cannot be an attribute is ignored; the value that came with it still counts. */
function isAttributeValue(value: unknown): value is AttributeValue {
  return isScalar(value) ||
    (Array.isArray(value) && value.every((item) => item === null || isScalar(item)));
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
