import type { AnyEvent } from "../../catalog/declaration.ts";
import type { EventHandler } from "../../events/event_map.ts";
import { callAll } from "../../internal/collected_errors.ts";
import type { NamedSpan } from "./session_spans.ts";

/** What is done for an event that a declared span names. */
export type Step = (named: NamedSpan, event: AnyEvent) => void;

/** The handlers of all types that declared spans name. */
export function handlersOf(
  spans: readonly NamedSpan[],
  steps: Readonly<
    Record<"fail" | "addEvent" | "close" | "end" | "open" | "announce" | "start" | "addWhole", Step>
  >,
): Record<string, EventHandler> {
  const lists = new Map<string, ((event: AnyEvent) => void)[]>();
  const add = (typesOf: (named: NamedSpan) => readonly string[], step: Step) => {
    for (const named of spans) {
      for (const type of typesOf(named)) {
        lists.set(type, [...(lists.get(type) ?? []), (event) => step(named, event)]);
      }
    }
  };
  // An event that ends one span and begins another ends the one first, and before that is part of it.
  add(({ declaration }) => declaration.failedBy, steps.fail);
  add(({ declaration }) => [...declaration.events?.keys() ?? []], steps.addEvent);
  // What a root holds is closed before it is.
  for (const isRoot of [false, true]) {
    add(
      ({ declaration }) => declaration.root === isRoot ? declaration.closedBy ?? [] : [],
      steps.close,
    );
  }
  const only = (isWhole: boolean, type: "start" | "end") => ({ declaration }: NamedSpan) =>
    (declaration.whole !== undefined) === isWhole ? [declaration[type]] : [];
  add(only(false, "end"), steps.end);
  add(({ declaration }) => declaration.openedBy ?? [], steps.open);
  add(({ declaration }) => declaration.announcedBy, steps.announce);
  add(only(false, "start"), steps.start);
  add(only(true, "start"), steps.addWhole);
  const handlers: Record<string, EventHandler> = {};
  for (const [type, list] of lists) {
    const [first, second] = list;
    handlers[type] = first !== undefined && second === undefined
      ? first
      : (event) => callAll(list, event, `several spans failed in ${type}`);
  }
  return handlers;
}
