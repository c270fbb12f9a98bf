import type { AttributeValue, EventAttributes } from "../../catalog/attributes.ts";
import type { Attributes } from "../otel_api.ts";

/**
 * OpenTelemetry's overflow series: what came after an instrument's limit of attribute sets
 * (opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits).
 */
const OVERFLOW_ATTRIBUTES: Attributes = Object.freeze({ "otel.metric.overflow": true });

const NO_ATTRIBUTES: EventAttributes = Object.freeze({});
/** So many ways (orders of names) to reach one set are remembered; further ones are looked up anew. */
const PATHS_PER_SET = 4;

/** One step of the way to a cell: a name, and by its value the next step. */
class Step<Cell> {
  cell: Cell | undefined;
  /** Nearly always the same name comes next; others stand in `others`. */
  name: string | undefined;
  next: Map<AttributeValue, Step<Cell>> = new Map();
  others: Map<string, Map<AttributeValue, Step<Cell>>> | undefined;

  of(name: string): Map<AttributeValue, Step<Cell>> | undefined {
    return this.name === name ? this.next : this.others?.get(name);
  }

  open(name: string, value: AttributeValue): Step<Cell> {
    let next = this.of(name);
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
    let step = next.get(value);
    if (step === undefined) next.set(value, step = new Step());
    return step;
  }
}

/**
 * Finds the cell of an attribute set: the same for equal sets, whatever the order of the names. It
 * holds at most `limit` cells, the overflow's among them, and allocates nothing to find one again.
 */
export class AttributeSets<Cell> {
  readonly #limit: number;
  readonly #make: (attributes: Attributes) => Cell;
  readonly #cells: Cell[] = [];
  readonly #root = new Step<Cell>();
  readonly #bySortedNames = new Map<string, Cell>();
  #paths = 0;
  #overflow: Cell | undefined;
  /** How often something was put into the overflow. */
  overflowed = 0;

  constructor(limit: number, make: (attributes: Attributes) => Cell) {
    this.#limit = limit;
    this.#make = make;
  }

  /** All cells, the oldest first. */
  get cells(): readonly Cell[] {
    return this.#cells;
  }

  /** The cell of a set, a new one if there is room, else the overflow's. */
  of(attributes: EventAttributes = NO_ATTRIBUTES): Cell {
    let step: Step<Cell> | undefined = this.#root;
    for (const name in attributes) {
      const value = attributes[name];
      if (value === undefined || value === null) continue;
      step = step.of(name)?.get(value);
      if (step === undefined) return this.#resolve(attributes);
    }
    return step.cell ?? this.#resolve(attributes);
  }

  #resolve(attributes: EventAttributes): Cell {
    const valid = Object.entries(isObject(attributes) ? attributes : NO_ATTRIBUTES)
      .filter((entry): entry is [string, AttributeValue] => isAttributeValue(entry[1]));
    const sorted = valid.toSorted(([a], [b]) => a < b ? -1 : 1);
    const key = JSON.stringify(sorted, markType);
    let cell = this.#bySortedNames.get(key);
    if (cell === undefined) {
      if (this.#cells.length >= this.#limit - (this.#overflow === undefined ? 1 : 0)) {
        return this.#overflowCell();
      }
      cell = this.#open(Object.freeze(Object.fromEntries(valid)) as Attributes);
      this.#bySortedNames.set(key, cell);
    }
    this.#remember(valid, cell);
    return cell;
  }

  #remember(attributes: readonly [string, AttributeValue][], cell: Cell): void {
    // A list is another object each time: a path to it would never be walked again.
    if (attributes.some(([, value]) => typeof value === "object")) return;
    if (this.#paths >= this.#limit * PATHS_PER_SET) return;
    this.#paths++;
    let step = this.#root;
    for (const [name, value] of attributes) step = step.open(name, value);
    step.cell = cell;
  }

  #overflowCell(): Cell {
    this.overflowed++;
    return this.#overflow ??= this.#open(OVERFLOW_ATTRIBUTES);
  }

  #open(attributes: Attributes): Cell {
    const cell = this.#make(attributes);
    this.#cells.push(cell);
    return cell;
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

/** What cannot be an attribute is left out; the value that came with it still counts. */
function isAttributeValue(value: unknown): value is AttributeValue {
  return isScalar(value) ||
    (Array.isArray(value) && value.every((item) => item === null || isScalar(item)));
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
