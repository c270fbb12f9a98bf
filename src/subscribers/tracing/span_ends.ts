import type { AnyEvent } from "../../catalog/declaration.ts";
import { toSingleError } from "../../internal/collected_errors.ts";
import { toHrTime } from "../hr_time.ts";
import type { OpenSpans } from "./open_spans.ts";
import type { Operations } from "./operations.ts";
import type { NamedSpan, OpenSpan } from "./session_spans.ts";
import type { WaitingRoots } from "./waiting_roots.ts";

/** Ends spans: at once, or, roots, when all that holds them open has ended. */
export class SpanEnds {
  /** Spans ended by their end event. */
  count = 0;
  readonly #open: OpenSpans;
  readonly #operations: Operations;
  readonly #waiting: WaitingRoots;

  constructor(open: OpenSpans, operations: Operations, waiting: WaitingRoots) {
    this.#open = open;
    this.#operations = operations;
    this.#waiting = waiting;
  }

  /** The end of a span has come. */
  end(open: OpenSpan, atMs: number): void {
    if (open.heldBy > 0) {
      open.endedAtMs = atMs;
      this.#waiting.add(open);
      return;
    }
    this.count++;
    this.finish(open, endOf(open, atMs));
  }

  /** An event has come that closes what is open of a declaration in its session. */
  close(named: NamedSpan, { type, timestamp, sessionId }: AnyEvent): void {
    // Events without a session have nothing to do with each other.
    if (sessionId === "") return;
    const thrown: unknown[] = [];
    for (const open of this.#open.closeSession(named, sessionId)) {
      try {
        (open.attributes ?? open.span).setAttribute("busbar.closed_by", type);
      } catch (error) {
        thrown.push(error);
      }
      try {
        this.end(open, timestamp);
      } catch (error) {
        thrown.push(error);
      }
    }
    if (thrown.length > 0) throw toSingleError(thrown, `several spans failed in ${type}`);
  }

  /** One less holds a root open. */
  release(root: OpenSpan, endMs: number): void {
    root.heldBy--;
    root.lastEndMs = Math.max(root.lastEndMs, endMs);
    if (root.heldBy > 0 || root.endedAtMs === undefined || root.ended) return;
    this.#waiting.remove(root);
    this.count++;
    this.finish(root, endOf(root, root.endedAtMs));
  }

  /** Ends a span, which is open no more. */
  finish(open: OpenSpan, endMs: number): void {
    open.ended = true;
    const { root, timestamp } = open;
    this.#open.remove(open);
    this.#operations.remove(open);
    const end = Math.max(endMs, timestamp);
    try {
      if (open.attributes !== undefined) open.span.setAttributes(open.attributes.attributes);
      open.span.end(toHrTime(end));
    } finally {
      if (root !== undefined) this.release(root, end);
    }
  }
}

/** When a span ends whose own end is known, and that of all that it waited for. */
function endOf({ named, lastEndMs }: OpenSpan, ownEndMs: number): number {
  return named.declaration.rootEnd === "own" ? ownEndMs : Math.max(ownEndMs, lastEndMs);
}
