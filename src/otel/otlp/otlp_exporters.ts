import {
  type ISerializer,
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { AggregationTemporality } from "@opentelemetry/sdk-metrics";
import { format, invalidArgument } from "../../internal/arguments.ts";
import type { OtlpProtocol, OtlpTarget } from "./otlp_target.ts";
import { OtlpExportError, OtlpTransport } from "./otlp_transport.ts";
import { splitMetrics, writePayload } from "./serialize_in_parts.ts";
import { spansToJson } from "./spans/spans_to_json.ts";
import { spansToProtobuf } from "./spans/spans_to_protobuf.ts";
import {
  encodableLogRecords,
  encodableMetrics,
  sanitizeForJson,
  sanitizeForProtobuf,
  type Sanitizer,
} from "./encodable_values.ts";
import type {
  LogRecordExporter,
  PushMetricExporter,
  ResourceMetrics,
  SpanExporter,
} from "../sdk_types.ts";

const CONTENT_TYPES: Readonly<Record<OtlpProtocol, string>> = {
  "http/protobuf": "application/x-protobuf",
  "http/json": "application/json",
};

interface ExportResult {
  code: number;
  error?: Error;
}
const SUCCESS = 0;
const FAILED = 1;

/** What a response may say, whichever the signal: that some items were rejected. */
interface ExportResponse {
  partialSuccess?: {
    rejectedSpans?: unknown;
    rejectedDataPoints?: unknown;
    rejectedLogRecords?: unknown;
    errorMessage?: unknown;
  };
}

/** How the items of one signal become payloads. */
interface Encoding<Items> {
  /** Read the receiver's responses. */
  readonly serializers: Readonly<Record<OtlpProtocol, ISerializer<Items, unknown>>>;
  /** Write items as a payload. */
  readonly write: Readonly<Record<OtlpProtocol, (items: Items) => Uint8Array | undefined>>;
  /** Splits many items into parts that are each written quickly. Default: they stay together. */
  readonly split?: (items: Items) => readonly Items[];
}

/** The official serializers, given only what a payload can carry. */
function sanitized<Items>(
  serializers: Encoding<Items>["serializers"],
  sanitize: (items: Items, sanitizer: Sanitizer) => Items,
): Encoding<Items> {
  const write = (protocol: OtlpProtocol, sanitizer: Sanitizer) => (items: Items) =>
    serializers[protocol].serializeRequest(sanitize(items, sanitizer));
  return {
    serializers,
    write: {
      "http/json": write("http/json", sanitizeForJson),
      "http/protobuf": write("http/protobuf", sanitizeForProtobuf),
    },
  };
}

const SPANS: Encoding<Parameters<SpanExporter["export"]>[0]> = {
  serializers: { "http/json": JsonTraceSerializer, "http/protobuf": ProtobufTraceSerializer },
  // They are many, and the official serializers take longer than all that comes before them.
  write: { "http/json": spansToJson, "http/protobuf": spansToProtobuf },
};
const LOG_RECORDS: Encoding<Parameters<LogRecordExporter["export"]>[0]> = sanitized(
  { "http/json": JsonLogsSerializer, "http/protobuf": ProtobufLogsSerializer },
  encodableLogRecords,
);
const METRICS: Encoding<ResourceMetrics> = {
  ...sanitized(
    { "http/json": JsonMetricsSerializer, "http/protobuf": ProtobufMetricsSerializer },
    encodableMetrics,
  ),
  split: splitMetrics,
};

/** Writes and sends the items of one signal. */
class OtlpExporter<Items> {
  readonly #encoding: Encoding<Items>;
  readonly #serializer: ISerializer<Items, unknown>;
  readonly #write: (items: Items) => Uint8Array | undefined;
  readonly #isJson: boolean;
  readonly #transport: OtlpTransport;

  constructor(target: OtlpTarget, encoding: Encoding<Items>) {
    const { protocol } = target;
    if (!Object.hasOwn(CONTENT_TYPES, protocol)) {
      const rule = Object.keys(CONTENT_TYPES).map(format).join(" or ");
      invalidArgument(TypeError, "create an OTLP exporter", "protocol", rule, protocol);
    }
    this.#encoding = encoding;
    this.#serializer = encoding.serializers[protocol];
    this.#write = encoding.write[protocol];
    this.#isJson = protocol === "http/json";
    this.#transport = new OtlpTransport(target, CONTENT_TYPES[protocol]);
  }

  export(items: Items, callback: (result: ExportResult) => void): void {
    this.#send(items).then(
      () => callback({ code: SUCCESS }),
      (error) => callback({ code: FAILED, error }),
    );
  }

  async #send(items: Items): Promise<void> {
    const parts = this.#encoding.split?.(items) ?? [items];
    const payload = parts.length === 1
      ? this.#write(parts[0] as Items)
      : await writePayload(parts, this.#write, this.#isJson);
    if (payload === undefined) throw new OtlpExportError("the items could not be serialized");
    const body = await this.#transport.send(payload as Uint8Array<ArrayBuffer>);
    const rejected = this.#rejectedBy(body);
    if (rejected > 0) {
      throw new OtlpExportError(`the receiver rejected ${rejected} items`, rejected);
    }
  }

  #rejectedBy(body: Uint8Array): number {
    if (body.byteLength === 0) return 0;
    let partial: ExportResponse["partialSuccess"];
    try {
      partial = (this.#serializer.deserializeResponse(body) as ExportResponse | undefined)
        ?.partialSuccess;
    } catch {
      // Whatever it is, it came with a status that says the items were accepted.
      return 0;
    }
    const { rejectedSpans, rejectedDataPoints, rejectedLogRecords } = partial ?? {};
    const rejected = Number(rejectedSpans ?? rejectedDataPoints ?? rejectedLogRecords ?? 0);
    return Number.isFinite(rejected) ? rejected : 0;
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    this.#transport.shutdown();
    return Promise.resolve();
  }
}

class OtlpMetricExporter extends OtlpExporter<ResourceMetrics> implements PushMetricExporter {
  selectAggregationTemporality(): AggregationTemporality {
    return AggregationTemporality.CUMULATIVE;
  }
}

/** An exporter of spans to an OTLP receiver. */
export function createOtlpSpanExporter(target: OtlpTarget): SpanExporter {
  return new OtlpExporter(target, SPANS);
}

/** An exporter of log records to an OTLP receiver. */
export function createOtlpLogExporter(target: OtlpTarget): LogRecordExporter {
  return new OtlpExporter(target, LOG_RECORDS);
}

/** An exporter of metrics to an OTLP receiver; sums are cumulative. */
export function createOtlpMetricExporter(target: OtlpTarget): PushMetricExporter {
  return new OtlpMetricExporter(target, METRICS);
}
