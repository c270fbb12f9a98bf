import type { AttributeValue } from "../../catalog/attributes.ts";

/** What follows a value: nothing but its series, or a branch. */
export type AttributeNode<Series extends object> = AttributeBranch<Series> | Series;

/**
 * A node of the trie that finds a series: a name, and by its value the next node. Where nothing
 * follows, the series itself stands, and a value that is alone has no map: most of a trie's nodes
 * would be empty ones.
 */
export class AttributeBranch<Series extends object> {
  /** That of the set which ends here. */
  series: Series | undefined = undefined;
  /** Nearly always the same name comes next; others have a branch of their own. */
  #name: string | undefined = undefined;
  #others: Map<string, AttributeBranch<Series>> | undefined = undefined;
  /** The only value, until there is another. */
  #value: AttributeValue | undefined = undefined;
  #only: AttributeNode<Series> | undefined = undefined;
  #next: Map<AttributeValue, AttributeNode<Series>> | undefined = undefined;

  /** The node behind a value. */
  get(name: string, value: AttributeValue): AttributeNode<Series> | undefined {
    if (this.#name !== name) return this.#others?.get(name)?.get(name, value);
    if (this.#next !== undefined) return this.#next.get(value);
    return isSame(this.#value, value) ? this.#only : undefined;
  }

  /** The branch behind a value, made if there is none. */
  open(name: string, value: AttributeValue): AttributeBranch<Series> {
    const known = this.get(name, value);
    if (known instanceof AttributeBranch) return known;
    const branch = new AttributeBranch<Series>();
    branch.series = known;
    this.#set(name, value, branch);
    return branch;
  }

  /** Ends a set behind a value that no set has ended behind. */
  end(name: string, value: AttributeValue, series: Series): void {
    const known = this.get(name, value);
    if (known instanceof AttributeBranch) known.series = series;
    else this.#set(name, value, series);
  }

  #set(name: string, value: AttributeValue, node: AttributeNode<Series>): void {
    if (this.#name === undefined) {
      this.#name = name;
      this.#value = value;
      this.#only = node;
    } else if (this.#name !== name) {
      this.#others ??= new Map();
      let other = this.#others.get(name);
      if (other === undefined) this.#others.set(name, other = new AttributeBranch());
      other.#set(name, value, node);
    } else if (this.#next !== undefined) {
      this.#next.set(value, node);
    } else if (isSame(this.#value, value)) {
      this.#only = node;
    } else {
      this.#next = new Map([[this.#value as AttributeValue, this.#only as typeof node], [
        value,
        node,
      ]]);
      this.#value = this.#only = undefined;
    }
  }
}

/** As a map compares its keys. */
function isSame(a: AttributeValue | undefined, b: AttributeValue): boolean {
  return a === b || (a !== a && b !== b);
}
