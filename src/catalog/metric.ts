import type { EventAttributes } from "./attributes.ts";
import type { AnyEvent, OperationId } from "./declaration.ts";

/** What an instrument does with its values. */
export type InstrumentKind = "counter" | "upDownCounter" | "gauge" | "histogram";

/** One value with its attributes. */
export interface Measurement {
  /** The value to add or record. If it is not a finite number, it is ignored and counted. */
  readonly value: number;
  /** The attributes of the series that the value goes to. */
  readonly attributes?: EventAttributes | undefined;
}

/** What all declared metrics have. */
export interface DeclaredInstrument {
  /** What it does with its values. */
  readonly kind: InstrumentKind;
  /** What it measures. */
  readonly description: string;
  /** Its unit, `""` if it has none. */
  readonly unit: string;
  /** How many attribute sets it holds. */
  readonly maxAttributeSets: number;
  /** The buckets' upper bounds; used by histograms only. */
  readonly buckets: readonly number[];
  /** The names of its attributes, where they were declared. */
  readonly attributeNames: readonly string[] | undefined;
  /** The attributes of the series that are there before the first value. */
  readonly initialAttributes: readonly EventAttributes[];
  /** How long a series may go without a value, in milliseconds; `undefined` for ever. */
  readonly maxIdleMs: number | undefined;
  /**
   * How the values of several threads become one, of a gauge; a declaration of an earlier version says
   * nothing.
   */
  readonly combine?: "sum" | "max" | "min" | "mean" | "thread" | undefined;
}

/** A metric that single events feed. */
export interface EventMetric<Events extends object> extends DeclaredInstrument {
  /** For the compiler only: ties it to its event map. It does not exist at run time. */
  readonly declaredFor?: (events: Events) => void;
  /** Where its values come from. */
  readonly source: "event";
  /** The types that feed it. */
  readonly types: readonly string[];
  /** The value of an event; 1 where there is none. */
  readonly value: ((event: AnyEvent, now: () => number) => number) | undefined;
  /** The attributes of an event. */
  readonly attributes: ((event: AnyEvent) => EventAttributes) | undefined;
  /** The values of an event that has several. */
  readonly measurements:
    | ((event: AnyEvent, now: () => number) => Iterable<Measurement>)
    | undefined;
}

/** A histogram of start–end pairs. */
export interface PairMetric<Events extends object> extends DeclaredInstrument {
  /** For the compiler only: ties it to its event map. It does not exist at run time. */
  readonly declaredFor?: (events: Events) => void;
  /** Where its values come from. */
  readonly source: "pair";
  /** The type that begins an operation. */
  readonly start: string;
  /** The type that ends it. */
  readonly end: string;
  /** Tells operations of one kind in one session apart. */
  readonly operationId: (event: AnyEvent) => OperationId;
  /** Whether that is enough, in any session; a declaration of an earlier version does not say. */
  readonly acrossSessions?: boolean | undefined;
  /**
   * The value of a pair that took so many milliseconds, less than none if its end says that it was
   * before its start; `undefined` if there is none.
   */
  readonly value: (end: AnyEvent, start: AnyEvent, durationMs: number) => number | undefined;
  /** The attributes of a pair. */
  readonly attributes: ((end: AnyEvent, start: AnyEvent) => EventAttributes) | undefined;
  /**
   * Whether these functions read the start, which is then kept until its end arrives. If not, only
   * its timestamp is, and they are given `undefined` for it.
   */
  readonly readsStart: boolean;
}

/** A gauge that is read when metrics are collected. */
export interface ReadMetric<Events extends object> extends DeclaredInstrument {
  /** For the compiler only: ties it to its event map. It does not exist at run time. */
  readonly declaredFor?: (events: Events) => void;
  /** Where its values come from. */
  readonly source: "read";
  /** Returns its value, several with attributes, or nothing. */
  readonly read: () => number | Iterable<Measurement> | undefined;
}

/** One declared metric. */
export type MetricDeclaration<Events extends object> =
  | EventMetric<Events>
  | PairMetric<Events>
  | ReadMetric<Events>;
