import type { AttributeValue, EventAttributes } from "../../catalog/attributes.ts";
import {
  boundedText,
  boundedValue,
  isTooLong,
  MAX_LABEL_LENGTH,
} from "../../internal/bounded_values.ts";
import type { Attributes } from "../otel_api.ts";
import { AttributeBranch, type AttributeNode } from "./attribute_branch.ts";
import { type AttributeOrder, AttributeOrders } from "./attribute_orders.ts";

/**
 * OpenTelemetry's overflow series: what came after an instrument's limit of attribute sets
 * (opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits).
 */
const OVERFLOW_ATTRIBUTES: Attributes = Object.freeze({ "otel.metric.overflow": true });

const NO_ATTRIBUTES: EventAttributes = Object.freeze({});
/** So many orders of names are remembered for each set, beside the first one. */
const ORDERS_PER_SET = 4;

/**
 * Finds the series of an attribute set: the same for equal sets, whatever the order of the names.
 * It holds at most `limit` series, the overflow's among them, and allocates nothing to find one
 * again. What is not held is known to be new without a text being made of it. Texts are cut at one
 * length, and only those of sets that are not held are measured.
 */
export class AttributeSets<Series extends { readonly attributes: Attributes }> {
  readonly #limit: number;
  readonly #make: (attributes: Attributes, isOverflow: boolean) => Series | undefined;
  readonly #onOverflow: () => void;
  #series: Series[] = [];
  #root = new AttributeBranch<Series>();
  readonly #orders: AttributeOrders;
  /** Those of sets with lists: a list is another object each time, which no path leads to. */
  readonly #withLists = new Map<string, Series>();
  /** The values of the last set that was looked at, in its own order. */
  readonly #values: AttributeValue[] = [];
  #overflow: Series | undefined;
  /** How often something was put into the overflow. */
  overflowed = 0;

  /** How many texts and lists were cut. */
  cut = 0;
  readonly #onCut: () => void;

  /**
   * @param make makes a series, `undefined` where there is no room for another than the overflow's
   * @param onProblem called when something is put into the overflow for the first time, or cut
   */
  constructor(
    limit: number,
    make: (attributes: Attributes, isOverflow: boolean) => Series | undefined,
    onProblem: (problem: "overflow" | "cut") => void,
  ) {
    this.#limit = limit;
    this.#make = make;
    this.#onOverflow = () => onProblem("overflow");
    this.#onCut = () => onProblem("cut");
    this.#orders = new AttributeOrders(limit * ORDERS_PER_SET);
  }

  /** All series, the oldest first; another list once some of them are removed. */
  get series(): readonly Series[] {
    return this.#series;
  }

  /** The series of a set, a new one if there is room, else the overflow's. */
  seriesOf(attributes: EventAttributes = NO_ATTRIBUTES): Series {
    let node: AttributeNode<Series> | undefined = this.#root;
    for (const name in attributes) {
      const value = attributes[name];
      if (value === undefined || value === null) continue;
      if (!(node instanceof AttributeBranch)) return this.#resolve(attributes);
      node = node.get(name, value);
    }
    return (node instanceof AttributeBranch ? node.series : node) ?? this.#resolve(attributes);
  }

  /** Forgets series; what comes for their sets makes new ones. */
  remove(removed: ReadonlySet<Series>): void {
    if (removed.size === 0) return;
    this.#series = this.#series.filter((series) => !removed.has(series));
    this.#root = new AttributeBranch<Series>();
    if (this.#overflow !== undefined && removed.has(this.#overflow)) this.#overflow = undefined;
    for (const [key, series] of this.#withLists) {
      if (removed.has(series)) this.#withLists.delete(key);
    }
    for (const series of this.#series) {
      if (series === this.#overflow) continue;
      const names = Object.keys(series.attributes);
      const values = names.map((name) => series.attributes[name] as AttributeValue);
      if (values.some((value) => typeof value === "object")) continue;
      this.#add(this.#orders.of(names) ?? this.#orders.add(names), values, series);
    }
  }

  /**
   * The series of a set that no path leads to as it is, if its names come in an order that was met
   * lately: then it is known at once whether the set is held, and nothing is made to find out.
   */
  #resolveQuickly(attributes: EventAttributes): Series | undefined {
    const { last, lastOther } = this.#orders;
    if (last !== undefined && this.#read(attributes, last)) return this.#countedOverflow();
    if (lastOther === undefined || !this.#read(attributes, lastOther)) return undefined;
    return this.#find(lastOther, this.#values) ?? this.#countedOverflow();
  }

  /** Reads the values of attributes whose names come in that order; false if they do not. */
  #read(attributes: EventAttributes, { given }: AttributeOrder): boolean {
    let place = 0;
    for (const name in attributes) {
      const value = attributes[name];
      if (name !== given[place] || !isScalar(value)) return false;
      this.#values[place++] = value as AttributeValue;
    }
    return place === given.length;
  }

  /** The overflow's series, if there is one. */
  #countedOverflow(): Series | undefined {
    if (this.#overflow !== undefined) this.overflowed++;
    return this.#overflow;
  }

  /** The same for what no path leads to as it is: new, in another order, or not as it should be. */
  #resolve(attributes: EventAttributes): Series {
    if (hasLongTexts(attributes)) return this.seriesOf(this.#cutTexts(attributes));
    const quickly = this.#resolveQuickly(attributes);
    if (quickly !== undefined) return quickly;
    const names: string[] = [];
    const values: AttributeValue[] = [];
    let hasLists = false;
    for (const name in isObject(attributes) ? attributes : NO_ATTRIBUTES) {
      const value = attributes[name];
      if (!isAttributeValue(value)) continue;
      names.push(name);
      values.push(value);
      hasLists ||= typeof value === "object";
    }
    if (hasLists) {
      const key = keyOf(names, values);
      const series = this.#withLists.get(key) ?? this.#create(names, values);
      if (series !== this.#overflow) this.#withLists.set(key, series);
      return series;
    }
    const order = this.#orders.of(names);
    const known = order && this.#find(order, values);
    if (known !== undefined) return known;
    const series = this.#create(names, values);
    if (series !== this.#overflow) this.#add(order ?? this.#orders.add(names), values, series);
    return series;
  }

  /** A copy whose texts are as long as they may be. */
  #cutTexts(attributes: EventAttributes): EventAttributes {
    if (this.cut === 0) this.#onCut();
    const copy: Record<string, AttributeValue> = Object.create(null);
    for (const name in attributes) {
      const short = boundedText(name, MAX_LABEL_LENGTH, this);
      copy[short] = boundedValue(attributes[name], MAX_LABEL_LENGTH, this) as AttributeValue;
    }
    return copy;
  }

  #find({ names, places }: AttributeOrder, values: readonly AttributeValue[]): Series | undefined {
    let node: AttributeNode<Series> | undefined = this.#root;
    for (let i = 0; i < names.length; i++) {
      if (!(node instanceof AttributeBranch)) return undefined;
      node = node.get(names[i] as string, values[places?.[i] ?? i] as AttributeValue);
    }
    return node instanceof AttributeBranch ? node.series : node;
  }

  #add({ names, places }: AttributeOrder, values: readonly AttributeValue[], series: Series): void {
    let branch = this.#root;
    const last = names.length - 1;
    for (let i = 0; i <= last; i++) {
      const name = names[i] as string;
      const value = values[places?.[i] ?? i] as AttributeValue;
      if (i === last) branch.end(name, value, series);
      else branch = branch.open(name, value);
    }
    if (last < 0) branch.series = series;
  }

  /** @returns the overflow's series where there is no room */
  #create(names: readonly string[], values: readonly AttributeValue[]): Series {
    // The last place is the overflow's: once that is there, all are taken.
    const hasRoom = this.#overflow === undefined && this.#series.length < this.#limit - 1;
    const series = hasRoom ? this.#make(toAttributes(names, values), false) : undefined;
    if (series !== undefined) {
      this.#series.push(series);
      return series;
    }
    this.overflowed++;
    if (this.#overflow === undefined) {
      this.#series.push(this.#overflow = this.#make(OVERFLOW_ATTRIBUTES, true) as Series);
      this.#onOverflow();
    }
    return this.#overflow;
  }
}

/** A copy that nobody changes, its lists neither. */
function toAttributes(names: readonly string[], values: readonly AttributeValue[]): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const given = values[i] as AttributeValue;
    const value = typeof given === "object" ? Object.freeze([...given]) as typeof given : given;
    if (name === "__proto__") Object.defineProperty(attributes, name, { value, enumerable: true });
    else attributes[name] = value;
  }
  return Object.freeze(attributes) as Attributes;
}

/** The same for sets that are equal, whatever the order of their names. */
function keyOf(names: readonly string[], values: readonly AttributeValue[]): string {
  const entries = names.map((name, i) => [name, values[i]] as const);
  return JSON.stringify(entries.sort(([a], [b]) => a < b ? -1 : 1), markType);
}

/** JSON writes NaN as null: each number is written as text, marked so that no text is like it. */
function markType(_name: string, value: unknown): unknown {
  return typeof value === "number" ? `#${value}` : typeof value === "string" ? `=${value}` : value;
}

/** Untyped code may hand over anything: what has no names has no attributes. */
function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether any of its texts and lists is to be cut. */
function hasLongTexts(attributes: EventAttributes): boolean {
  if (!isObject(attributes)) return false;
  for (const name in attributes) {
    if (isTooLong(name, MAX_LABEL_LENGTH)) return true;
    const value: unknown = attributes[name];
    if (typeof value === "string") {
      if (isTooLong(value, MAX_LABEL_LENGTH)) return true;
    } else if (typeof value === "object" && isCutList(value)) return true;
  }
  return false;
}

function isCutList(value: object | null): boolean {
  return Array.isArray(value) && boundedValue(value, MAX_LABEL_LENGTH, { cut: 0 }) !== value;
}

/** What cannot be an attribute is ignored; the value that came with it still counts. */
function isAttributeValue(value: unknown): value is AttributeValue {
  return isScalar(value) ||
    (Array.isArray(value) && value.every((item) => item === null || isScalar(item)));
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
