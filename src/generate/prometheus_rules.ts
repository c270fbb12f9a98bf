import type { Catalog } from "../catalog/catalog.ts";
import { invalidArgument } from "../internal/arguments.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import { DEFAULT_SELF_METRICS_PREFIX } from "../subscribers/self_metrics/options.ts";
import { promqlString, templateText } from "./escape.ts";
import { assertThreshold } from "./threshold.ts";
import { toYaml } from "./yaml.ts";
import { describeMetrics, metricName, withWindow } from "./described_metric.ts";

/** A recording rule. */
export interface RecordingRule {
  /** The name of the series it records. */
  readonly record: string;
  /** The query behind it. */
  readonly expr: string;
}

/** An alerting rule. */
export interface AlertRule {
  /** Its name. */
  readonly alert: string;
  /** Fires while this has a result. */
  readonly expr: string;
  /** How long it must have had one, such as `"5m"`. */
  readonly for: string;
  /** Its labels. */
  readonly labels: { readonly severity: "warning" | "critical" };
  /** Texts for people. */
  readonly annotations: {
    /** One line. */
    readonly summary: string;
    /** What to do. */
    readonly description: string;
  };
}

const ACTION = "write bus alerts";

/** The options of {@linkcode busAlerts}. */
export interface BusAlertsOptions {
  /** The prefix of the bus's own metrics. Default: `"busbar"`. */
  readonly prefix?: string | undefined;
  /** The drain lag to alert above, in seconds. Default: 5. */
  readonly maxDrainLagSeconds?: number | undefined;
  /** The scrape job to alert on if it is down. Default: `"busbar"`. */
  readonly job?: string | undefined;
}

/**
 * One recording rule for each counter and each histogram of a catalog: its rate, or its 95th
 * percentile, over five minutes. A gauge needs none: its series is its query.
 */
export function recordingRules<Events extends object>(catalog: Catalog<Events>): RecordingRule[] {
  return describeMetrics(catalog).filter(({ prometheusType }) => prometheusType !== "gauge")
    .map((metric) => ({
      record: `${metric.scrapeName.replace(/_total$/, "")}:${
        metric.prometheusType === "histogram" ? "p95" : "rate"
      }5m`,
      expr: withWindow(metric.query, "5m"),
    }));
}

/**
 * Alerts on a bus's own health: lost events, drain lag, a failing subscriber, no scrape at all.
 *
 * @throws {TypeError} if an option is unknown
 * @throws {RangeError} if the threshold is no finite number of at least 0
 */
export function busAlerts(options: BusAlertsOptions = {}): AlertRule[] {
  assertKnownNames(ACTION, "option", options, ["prefix", "maxDrainLagSeconds", "job"]);
  const { prefix = DEFAULT_SELF_METRICS_PREFIX, maxDrainLagSeconds = 5, job = "busbar" } = options;
  assertThreshold(ACTION, "maxDrainLagSeconds", maxDrainLagSeconds);
  const bus = metricName(`${prefix}.event_bus`);
  const up = `up{job=${promqlString(job)}}`;
  return [
    {
      alert: "EventsDropped",
      expr: `increase(${bus}_dropped_events_total[5m]) > 0`,
      for: "0m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.instance }} has lost events",
        description:
          `The metrics shown are too low. See ${bus}_lost_events_total by reason; raise maxQueueSize, ` +
          "or find the slow handler. Of thread_lost: a thread ended with events in its queue.",
      },
    },
    {
      alert: "DrainLag",
      expr: `${bus}_drain_lag_seconds > ${maxDrainLagSeconds}`,
      for: "1m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.instance }} dispatches events {{ $value | humanizeDuration }} late",
        description:
          `Its event loop or a handler is too slow; see ${bus}_slow_handler_calls_total.`,
      },
    },
    {
      alert: "SubscriberFailing",
      // A subscriber has no series before its first failure, which no increase would show.
      expr: `sum by (instance, subscriber_name) ` +
        `(increase(${bus}_subscriber_exceptions_total[5m])) > 0 or ` +
        `sum by (instance, subscriber_name) (${bus}_subscriber_exceptions_total ` +
        `unless ${bus}_subscriber_exceptions_total offset 5m) > 0`,
      for: "0m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.subscriber_name }} of {{ $labels.instance }} fails",
        description: "What it derives from events is incomplete; its error is in the log.",
      },
    },
    {
      alert: "ExporterDown",
      expr: `${up} == 0 or absent(${up})`,
      for: "1m",
      labels: { severity: "critical" },
      annotations: {
        summary: `No scrape of ${templateText(job)} succeeds`,
        description: "The process is down, or its /metrics does not answer.",
      },
    },
  ];
}

/**
 * Formats rules as a Prometheus rule file. Whatever the group is called, it is read back as it was.
 *
 * @throws {TypeError} if the group's name is empty, which Prometheus refuses, or no text
 */
export function rulesYaml(
  groupName: string,
  rules: readonly (RecordingRule | AlertRule)[],
): string {
  if (typeof groupName !== "string" || groupName === "") {
    const rule = "a text that is not empty";
    invalidArgument(TypeError, "write rules", "groupName", rule, groupName);
  }
  return "# Generated from the catalog. Do not edit it; change the catalog instead.\n" +
    toYaml({ groups: [{ name: groupName, rules }] });
}
