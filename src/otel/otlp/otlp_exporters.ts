import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { AggregationTemporality } from "@opentelemetry/sdk-metrics";
import {
  encodableLogRecords,
  encodableMetrics,
  resolveMarks,
  sanitizeForJson,
  sanitizeForProtobuf,
  type Sanitizer,
} from "./encodable_values.ts";
import { type Encoding, OtlpExporter, type OtlpExporterOptions } from "./otlp_exporter.ts";
import type { OtlpTarget } from "./otlp_target.ts";
import { splitMetrics } from "./serialize_in_parts.ts";
import { spansToJson } from "./spans/spans_to_json.ts";
import { spansToProtobuf } from "./spans/spans_to_protobuf.ts";
import type {
  LogRecordExporter,
  PushMetricExporter,
  ResourceMetrics,
  SpanExporter,
} from "../sdk_types.ts";

type Spans = Parameters<SpanExporter["export"]>[0];
type LogRecords = Parameters<LogRecordExporter["export"]>[0];

/** The official serializers, given only what a payload can carry. */
function sanitized<Items>(
  serializers: Encoding<Items>["serializers"],
  sanitize: (items: Items, sanitizer: Sanitizer, tell: (text: string) => void) => Items,
): Pick<Encoding<Items>, "serializers" | "write"> {
  const write =
    (protocol: "http/json" | "http/protobuf", sanitizer: Sanitizer) =>
    (items: Items, tell: (text: string) => void) =>
      serializers[protocol].serializeRequest(sanitize(items, sanitizer, tell));
  const writeJson = write("http/json", sanitizeForJson);
  return {
    serializers,
    write: {
      "http/json": (items, tell) => resolveMarks(writeJson(items, tell)),
      "http/protobuf": write("http/protobuf", sanitizeForProtobuf),
    },
  };
}

/** Items in a list. */
const LIST = {
  count: ({ length }: readonly unknown[]) => length,
  split: <Item>(items: Item[], maxCount: number): Item[][] => {
    const lists: Item[][] = [];
    for (let i = 0; i < items.length; i += maxCount) lists.push(items.slice(i, i + maxCount));
    return lists;
  },
};

const SPANS: Encoding<Spans> = {
  ...LIST,
  serializers: { "http/json": JsonTraceSerializer, "http/protobuf": ProtobufTraceSerializer },
  // They are many, and the official serializers take longer than all that comes before them.
  write: { "http/json": spansToJson, "http/protobuf": spansToProtobuf },
};
const LOG_RECORDS: Encoding<LogRecords> = {
  ...LIST,
  ...sanitized(
    { "http/json": JsonLogsSerializer, "http/protobuf": ProtobufLogsSerializer },
    encodableLogRecords,
  ),
};
const METRICS: Encoding<ResourceMetrics> = {
  ...sanitized(
    { "http/json": JsonMetricsSerializer, "http/protobuf": ProtobufMetricsSerializer },
    encodableMetrics,
  ),
  count: ({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) => metrics)
      .reduce((sum, { dataPoints }) => sum + dataPoints.length, 0),
  split: splitMetrics,
  parts: splitMetrics,
};

class OtlpMetricExporter extends OtlpExporter<ResourceMetrics> implements PushMetricExporter {
  selectAggregationTemporality(): AggregationTemporality {
    return AggregationTemporality.CUMULATIVE;
  }
}

/** An exporter of spans to an OTLP receiver. */
export function createOtlpSpanExporter(
  target: OtlpTarget,
  options?: OtlpExporterOptions,
): SpanExporter {
  return new OtlpExporter(target, SPANS, options);
}

/** An exporter of log records to an OTLP receiver. */
export function createOtlpLogExporter(
  target: OtlpTarget,
  options?: OtlpExporterOptions,
): LogRecordExporter {
  return new OtlpExporter(target, LOG_RECORDS, options);
}

/** An exporter of metrics to an OTLP receiver; sums are cumulative. */
export function createOtlpMetricExporter(
  target: OtlpTarget,
  options?: OtlpExporterOptions,
): PushMetricExporter {
  return new OtlpMetricExporter(target, METRICS, options);
}
