import { type Context, ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import type { AnyEvent } from "../../catalog/declaration.ts";
import type { SpanPart } from "../../catalog/event_span.ts";
import { toHrTime } from "../hr_time.ts";
import type { TracerLike } from "../otel_api.ts";
import { boundedId } from "../pairs/bounded_id.ts";
import { operationIdOf } from "../pairs/open_pairs.ts";
import { contextOf, parentContext } from "./contexts.ts";
import { describeStart } from "./describe_span.ts";
import { judgeEnd } from "./failure.ts";
import type { KeptParents } from "./kept_parents.ts";
import type { NamedSpan, OpenSpan } from "./session_spans.ts";
import { addDefined } from "./span_attributes.ts";
import type { SpanFinder } from "./span_finder.ts";
import { SPAN_KINDS } from "./span_kinds.ts";
import type { TracingReports } from "./tracing_reports.ts";

/** What spans of one event are made with. */
export interface WholeSpansInit {
  readonly tracer: TracerLike;
  readonly finder: SpanFinder;
  readonly kept: KeptParents;
  readonly reports: TracingReports;
  readonly sessionIdAttribute: string | undefined;
  readonly operationIdAttribute: string | undefined;
}

/** Where a span belongs. */
interface Place {
  readonly context: Context;
  readonly sessionId: string;
  /** The root whose work it was. */
  readonly root: OpenSpan | undefined;
}

type Thrown = { readonly error: unknown } | undefined;

/** Makes spans of events that say all of them. */
export class WholeSpans {
  readonly #init: WholeSpansInit;
  /** How many were made. */
  count = 0;

  constructor(init: WholeSpansInit) {
    this.#init = init;
  }

  /** Makes those of one event. @returns the one span, if there is just one */
  add(named: NamedSpan, event: AnyEvent): Span | undefined {
    const { parts } = named.declaration.whole ?? {};
    return this.#addAll(named, event, parts && (() => parts(event)));
  }

  /** Makes those that wait for another event: there is none any more. */
  addLeft(all: readonly NamedSpan[], nowMs: number): void {
    let thrown: Thrown;
    for (const named of all) {
      const { start, whole } = named.declaration;
      if (whole?.partsLeft === undefined) continue;
      try {
        this.#addAll(named, { ...NO_EVENT, type: start, timestamp: nowMs }, whole.partsLeft);
      } catch (error) {
        thrown ??= { error };
      }
    }
    if (thrown !== undefined) throw thrown.error;
  }

  #addAll(
    named: NamedSpan,
    event: AnyEvent,
    partsOf: (() => readonly SpanPart[] | undefined) | undefined,
  ): Span | undefined {
    let thrown: Thrown;
    let parts: readonly (SpanPart | undefined)[] = [undefined];
    try {
      if (partsOf !== undefined) parts = [...partsOf() ?? []];
    } catch (error) {
      thrown = { error };
      parts = [];
    }
    let last: Span | undefined;
    for (const part of parts) {
      try {
        const made = this.#make(named, event, part);
        last = made.span ?? last;
        thrown ??= made.thrown;
      } catch (error) {
        // The tracer's, or that of a part that lies: the others are made.
        thrown ??= { error };
      }
    }
    if (thrown !== undefined) throw thrown.error;
    return parts.length === 1 ? last : undefined;
  }

  #make(
    named: NamedSpan,
    event: AnyEvent,
    part: SpanPart | undefined,
  ): { readonly span: Span | undefined; readonly thrown: Thrown } {
    const { reports, tracer, sessionIdAttribute, operationIdAttribute } = this.#init;
    const { declaration } = named;
    const times = part === undefined ? timesOf(named, event) : timesOfPart(part);
    if (times === undefined) return { span: undefined, thrown: undefined };
    const own = part?.operationId;
    const operationId = own === undefined
      ? operationIdOf(declaration, event)
      : boundedId(String(own));
    const place = this.#placeOf(named, operationId, event, part);
    if (place === undefined) {
      reports.orphanedEvents++;
      reports.lastOrphaned = event.type;
      return { span: undefined, thrown: undefined };
    }
    const given = part?.attributes;
    const described = describeStart(
      given === undefined ? named : { ...named, declaration: { ...declaration, attributes: none } },
      event,
      reports,
    );
    const { attributes, links, name } = described;
    reports.invalidTraceparents += described.invalidLinks;
    if (given !== undefined) addDefined(attributes, given, reports);
    attributes.setId(sessionIdAttribute, place.sessionId, reports);
    attributes.setId(operationIdAttribute, operationId, reports);
    const span = tracer.startSpan(name, {
      kind: SPAN_KINDS[declaration.kind],
      startTime: toHrTime(times.startMs),
      attributes: attributes.attributes,
      links,
    }, place.context);
    this.count++;
    const unjudged = span.isRecording() ? judgeEnd(span, declaration, event, reports) : undefined;
    span.end(toHrTime(times.endMs));
    if (place.root !== undefined) {
      place.root.lastEndMs = Math.max(place.root.lastEndMs, times.endMs);
    }
    return { span, thrown: times.thrown ?? described.thrown ?? unjudged };
  }

  #placeOf(
    named: NamedSpan,
    operationId: string,
    event: AnyEvent,
    part: SpanPart | undefined,
  ): Place | undefined {
    const { finder, kept, reports } = this.#init;
    const parents = part?.parent === undefined ? named.parents : [part.parent];
    if (named.declaration.whole?.afterwards) {
      const found = operationId === "" ? undefined : kept.find(parents, operationId);
      return found && {
        context: contextOf(trace.wrapSpanContext(found.context)),
        sessionId: found.sessionId,
        root: undefined,
      };
    }
    const parent = finder.parentOf({ ...named, parents }, operationId, event, undefined);
    const context = parentContext(event, parent?.span, undefined);
    if (context === undefined) reports.invalidTraceparents++;
    return {
      context: context ?? ROOT_CONTEXT,
      sessionId: event.sessionId,
      root: parent?.named.declaration.root ? parent : parent?.root,
    };
  }
}

const none = () => ({});

const NO_EVENT = {
  metadata: {},
  sessionId: "",
  operationId: "",
  traceparent: undefined,
  tracestate: undefined,
} as const;

interface Times {
  readonly startMs: number;
  readonly endMs: number;
  readonly thrown?: Thrown;
}

/** When an event's span began and ended: it ends with the event. */
function timesOf({ declaration }: NamedSpan, event: AnyEvent): Times {
  const endMs = event.timestamp;
  try {
    const durationMs: unknown = declaration.whole?.durationMs?.(event);
    const isLong = typeof durationMs === "number" && durationMs > 0 && durationMs < Infinity;
    return { startMs: isLong ? Math.max(0, endMs - durationMs) : endMs, endMs };
  } catch (error) {
    return { startMs: endMs, endMs, thrown: { error } };
  }
}

/** The times of a part, `undefined` if they are none. */
function timesOfPart({ startTimeMs, endTimeMs }: SpanPart): Times | undefined {
  if (!Number.isFinite(startTimeMs) || !Number.isFinite(endTimeMs)) return undefined;
  if (startTimeMs < 0 || endTimeMs < startTimeMs) return undefined;
  return { startMs: startTimeMs, endMs: endTimeMs };
}
