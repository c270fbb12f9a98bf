/** In which order the names of an attribute set are stored, and where the set has them. */
export interface AttributeOrder {
  /** The names as the set has them. */
  readonly given: readonly string[];
  /** The names as they came first. */
  readonly names: readonly string[];
  /** Where the set has each of these names; `undefined` if it has them in that order itself. */
  readonly places: readonly number[] | undefined;
}

/** What is known of names that came in an order, or may come in any. */
class NameNode {
  order: AttributeOrder | undefined;
  /** Of names that are sorted: as they came first. */
  stored: readonly string[] | undefined;
  readonly next = new Map<string, NameNode>();
}

/**
 * Knows in which order the names of each attribute set came first, so that the set is found in any
 * order. It holds names, never values.
 */
export class AttributeOrders {
  readonly #maxOthers: number;
  readonly #root = new NameNode();
  /** Of the last sets: most have the same names as those. One whose order is the stored one. */
  last: AttributeOrder | undefined;
  /** One whose order is another. */
  lastOther: AttributeOrder | undefined;
  #others = 0;

  /** @param maxOthers how many further orders it remembers; for others it sorts */
  constructor(maxOthers: number) {
    this.#maxOthers = maxOthers;
  }

  /** The order that names are stored in; `undefined` if no set of them was added. */
  of(names: readonly string[]): AttributeOrder | undefined {
    const known = this.#find(names)?.order;
    if (known !== undefined) {
      if (known.places === undefined) this.last = known;
      else this.lastOther = known;
      return known;
    }
    const stored = this.#find(names.toSorted())?.stored;
    if (stored === undefined) return undefined;
    const places = stored.map((name) => names.indexOf(name));
    const order = this.lastOther = { given: names, names: stored, places };
    if (this.#others++ < this.#maxOthers) this.#open(names).order = order;
    return order;
  }

  /** Adds names that no set of was added before. @returns the order that they came in */
  add(names: readonly string[]): AttributeOrder {
    this.#open(names.toSorted()).stored = names;
    return this.last = this.#open(names).order = { given: names, names, places: undefined };
  }

  #find(names: readonly string[]): NameNode | undefined {
    let node: NameNode | undefined = this.#root;
    for (let i = 0; i < names.length && node !== undefined; i++) {
      node = node.next.get(names[i] as string);
    }
    return node;
  }

  #open(names: readonly string[]): NameNode {
    let node = this.#root;
    for (const name of names) {
      let next = node.next.get(name);
      if (next === undefined) node.next.set(name, next = new NameNode());
      node = next;
    }
    return node;
  }
}
