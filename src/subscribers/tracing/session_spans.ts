import type { Context, Span } from "@opentelemetry/api";
import type { OperationId } from "../../catalog/declaration.ts";
import type { SpanDeclaration } from "../../catalog/span.ts";
import type { PairKey, PairLane } from "../pairs/open_pairs.ts";
import type { NewAttributes } from "./span_attributes.ts";
import { type LinkedNode, LinkedStack } from "./linked_stack.ts";

/** A declared span with its name. */
export interface NamedSpan {
  readonly name: string;
  // deno-lint-ignore no-explicit-any -- the catalog's types are erased inside declarations
  readonly declaration: SpanDeclaration<any>;
  /** Whether open spans must be found by that name: to hang others under them, or to fail them. */
  readonly indexed: boolean;
  /** Its place among the declared spans. */
  readonly index: number;
}

/** What an {@linkcode OpenSpan} begins with. */
export interface OpenSpanInit {
  readonly operationId: OperationId;
  readonly named: NamedSpan;
  readonly span: Span;
  readonly session: SessionSpans;
  /** The root that it holds open. */
  readonly root: OpenSpan | undefined;
  /** When it began, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** What is set at its end, if not before. */
  readonly attributes: NewAttributes | undefined;
}

/** A span that has not ended. */
export class OpenSpan implements OpenSpanInit {
  readonly operationId: OperationId;
  readonly named: NamedSpan;
  readonly span: Span;
  readonly session: SessionSpans;
  readonly root: OpenSpan | undefined;
  readonly timestamp: number;
  readonly attributes: NewAttributes | undefined;
  /** The context that its children start in, made for the first of them. */
  context: Context | undefined = undefined;
  /** How many spans and announced operations hold it open. */
  heldBy = 0;
  /** When its own end came, if it is held open since then. */
  endedAtMs: number | undefined = undefined;
  /** When the last of those that held it ended. */
  lastEndMs = -Infinity;
  ended = false;
  /** Its neighbours in the session, by the order of opening. */
  older: OpenSpan | undefined = undefined;
  newer: OpenSpan | undefined = undefined;
  inName: LinkedNode<OpenSpan> | undefined = undefined;

  constructor(init: OpenSpanInit) {
    this.operationId = init.operationId;
    this.named = init.named;
    this.span = init.span;
    this.session = init.session;
    this.root = init.root;
    this.timestamp = init.timestamp;
    this.attributes = init.attributes;
  }
}

/**
 * The open spans of one session. As a lane it holds those without an operation id, by the index of
 * their declaration.
 */
export class SessionSpans implements PairLane {
  readonly #plain: unknown[] = [];
  /** A list whose links are in the spans themselves: it is there for each span that is made. */
  #newest: OpenSpan | undefined = undefined;
  #roots: LinkedStack<OpenSpan> | undefined;
  #byName: Map<string, LinkedStack<OpenSpan>> | undefined;
  #lanes: Map<NamedSpan, PairLane> | undefined;
  /** The session's id, of bounded length. */
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  get(index: PairKey): unknown {
    return this.#plain[index as number];
  }

  set(index: PairKey, entry: unknown): void {
    // Filled up: an array with holes would be slower.
    while (this.#plain.length < (index as number)) this.#plain.push(undefined);
    this.#plain[index as number] = entry;
  }

  delete(index: PairKey): void {
    this.#plain[index as number] = undefined;
  }

  /** Whether no span is open. */
  get isEmpty(): boolean {
    return this.#newest === undefined;
  }

  /** The open span that was opened last. */
  get newest(): OpenSpan | undefined {
    return this.#newest;
  }

  /** The open root that was opened last. */
  get root(): OpenSpan | undefined {
    return this.#roots?.newest;
  }

  /** The open span of an indexed name, or the root of that name: the one opened last. */
  newestOf(name: string): OpenSpan | undefined {
    const found = this.#byName?.get(name)?.newest;
    if (found !== undefined) return found;
    for (const root of this.#roots ?? []) if (root.named.name === name) return root;
    return undefined;
  }

  /** The root that waits for its work, its own end having come. */
  waitingRoot(named: NamedSpan, operationId: OperationId): OpenSpan | undefined {
    for (const root of this.#roots ?? []) {
      if (root.named === named && root.operationId === operationId) return root;
    }
    return undefined;
  }

  /** The open operations of a name, by their ids. */
  operationsOf(named: NamedSpan): PairLane {
    this.#lanes ??= new Map();
    let lane = this.#lanes.get(named);
    if (lane === undefined) this.#lanes.set(named, lane = new Map());
    return lane;
  }

  add(open: OpenSpan): void {
    open.older = this.#newest;
    if (this.#newest !== undefined) this.#newest.newer = open;
    this.#newest = open;
    const { name, declaration, indexed } = open.named;
    if (declaration.root) {
      this.#roots ??= new LinkedStack();
      open.inName = this.#roots.add(open);
    } else if (indexed) {
      this.#byName ??= new Map();
      let list = this.#byName.get(name);
      if (list === undefined) this.#byName.set(name, list = new LinkedStack());
      open.inName = list.add(open);
    }
  }

  remove(open: OpenSpan): void {
    const { older, newer } = open;
    if (older !== undefined) older.newer = newer;
    if (newer !== undefined) newer.older = older;
    else this.#newest = older;
    if (open.inName === undefined) return;
    if (open.named.declaration.root) this.#roots?.remove(open.inName);
    else this.#byName?.get(open.named.name)?.remove(open.inName);
  }
}
