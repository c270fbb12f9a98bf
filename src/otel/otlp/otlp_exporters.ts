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
import { OtlpExportError, type OtlpTarget, OtlpTransport } from "./otlp_transport.ts";
import { splitMetrics, writePayload } from "./serialize_in_parts.ts";
import {
  type Writable,
  writableInJson,
  writableInProtobuf,
  writableLogRecords,
  writableMetrics,
  writableSpans,
} from "./encodable_values.ts";
import type {
  LogRecordExporter,
  PushMetricExporter,
  ResourceMetrics,
  SpanExporter,
} from "../sdk_types.ts";

/** The encoding of OTLP payloads. */
export type OtlpProtocol = "http/protobuf" | "http/json";

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

/** What the answers of the three signals may say: that some items were refused. */
interface PartialAnswer {
  partialSuccess?: {
    rejectedSpans?: unknown;
    rejectedDataPoints?: unknown;
    rejectedLogRecords?: unknown;
    errorMessage?: unknown;
  };
}

/** Writes and sends the items of one signal. */
class OtlpExporter<Items> {
  readonly #serializer: ISerializer<Items, unknown>;
  readonly #prepare: (items: Items) => Items;
  readonly #split: ((items: Items) => readonly Items[]) | undefined;
  readonly #isJson: boolean;
  readonly #transport: OtlpTransport;

  constructor(
    target: OtlpTarget,
    protocol: OtlpProtocol,
    serializer: ISerializer<Items, unknown>,
    prepare: (items: Items, write: Writable) => Items,
    split?: (items: Items) => readonly Items[],
  ) {
    if (!Object.hasOwn(CONTENT_TYPES, protocol)) {
      const rule = Object.keys(CONTENT_TYPES).join(" or ");
      throw new TypeError(
        `Cannot create an OTLP exporter: protocol must be ${rule}, received ${protocol}`,
      );
    }
    this.#serializer = serializer;
    this.#isJson = protocol === "http/json";
    const write = this.#isJson ? writableInJson : writableInProtobuf;
    this.#prepare = (items) => prepare(items, write);
    this.#split = split;
    this.#transport = new OtlpTransport(target, CONTENT_TYPES[protocol]);
  }

  export(items: Items, callback: (result: ExportResult) => void): void {
    this.#send(items).then(
      () => callback({ code: SUCCESS }),
      (error) => callback({ code: FAILED, error }),
    );
  }

  async #send(items: Items): Promise<void> {
    const write = (part: Items) => this.#serializer.serializeRequest(this.#prepare(part));
    const parts = this.#split?.(items) ?? [items];
    const payload = parts.length === 1
      ? write(parts[0] as Items)
      : await writePayload(parts, write, this.#isJson);
    if (payload === undefined) throw new OtlpExportError("the items could not be serialized");
    const answer = await this.#transport.send(payload as Uint8Array<ArrayBuffer>);
    const rejected = this.#rejectedBy(answer);
    if (rejected > 0) throw new OtlpExportError(`the receiver refused ${rejected} items`, rejected);
  }

  #rejectedBy(answer: Uint8Array): number {
    if (answer.byteLength === 0) return 0;
    let partial: PartialAnswer["partialSuccess"];
    try {
      partial = (this.#serializer.deserializeResponse(answer) as PartialAnswer | undefined)
        ?.partialSuccess;
    } catch {
      // Whatever it is, it came with a status that says the items were taken.
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
export function createOtlpSpanExporter(target: OtlpTarget, protocol: OtlpProtocol): SpanExporter {
  return new OtlpExporter(
    target,
    protocol,
    protocol === "http/json" ? JsonTraceSerializer : ProtobufTraceSerializer,
    writableSpans,
  );
}

/** An exporter of log records to an OTLP receiver. */
export function createOtlpLogExporter(
  target: OtlpTarget,
  protocol: OtlpProtocol,
): LogRecordExporter {
  return new OtlpExporter(
    target,
    protocol,
    protocol === "http/json" ? JsonLogsSerializer : ProtobufLogsSerializer,
    writableLogRecords,
  );
}

/** An exporter of metrics to an OTLP receiver; sums are cumulative. */
export function createOtlpMetricExporter(
  target: OtlpTarget,
  protocol: OtlpProtocol,
): PushMetricExporter {
  return new OtlpMetricExporter(
    target,
    protocol,
    protocol === "http/json" ? JsonMetricsSerializer : ProtobufMetricsSerializer,
    writableMetrics,
    splitMetrics,
  );
}
