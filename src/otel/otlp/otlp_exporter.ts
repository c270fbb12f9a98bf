import type { ISerializer } from "@opentelemetry/otlp-transformer";
import { format, invalidArgument } from "../../internal/arguments.ts";
import { Backoff } from "../../internal/backoff.ts";
import { monotonicMs } from "../../internal/clocks.ts";
import type { Logger } from "../../internal/logger.ts";
import { ReportOnce } from "../../internal/report_once.ts";
import { errorText, report } from "../../internal/reporting.ts";
import { rejectedBy } from "../../batching/rejected_count.ts";
import { shortened } from "./otlp_response.ts";
import type { OtlpProtocol, OtlpTarget } from "./otlp_target.ts";
import { OtlpExportError, OtlpTransport, PayloadTooLargeError } from "./otlp_transport.ts";
import { SEND_GATE, type WithSendGate } from "./send_gate.ts";
import { writePayload } from "./serialize_in_parts.ts";

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

/** Writes items as a payload; what it could not write as it was is told once. */
export type Writer<Items> = (
  items: Items,
  tell: (text: string) => void,
) => Uint8Array | undefined;

/** How the items of one signal become payloads. */
export interface Encoding<Items> {
  /** Read the receiver's responses. */
  readonly serializers: Readonly<Record<OtlpProtocol, ISerializer<Items, unknown>>>;
  /** Write items as a payload. */
  readonly write: Readonly<Record<OtlpProtocol, Writer<Items>>>;
  /** How many there are. */
  readonly count: (items: Items) => number;
  /** Splits items into several requests, of so many at most each. */
  readonly split: (items: Items, maxCount: number) => readonly Items[];
  /** Splits many items into parts that are each written quickly. Default: they stay together. */
  readonly parts?: (items: Items) => readonly Items[];
}

/** What else there is to an exporter. */
export interface OtlpExporterOptions {
  /** Where it is told what a receiver says of a push that it has accepted. Default: `console`. */
  readonly logger?: Logger | undefined;
  /** How many items go into one request at most. Default: all of them. */
  readonly maxExportBatchSize?: number | undefined;
}

/** Writes and sends the items of one signal. */
export class OtlpExporter<Items> {
  /** Where it sends to, for messages. */
  readonly url: string;
  readonly #encoding: Encoding<Items>;
  readonly #serializer: ISerializer<Items, unknown>;
  readonly #write: Writer<Items>;
  readonly #isJson: boolean;
  readonly #timeoutMs: number;
  readonly #maxExportBatchSize: number;
  readonly #transport: OtlpTransport;
  readonly #logger: Logger;
  readonly #once: ReportOnce;
  readonly #backoff = new Backoff();

  constructor(target: OtlpTarget, encoding: Encoding<Items>, options: OtlpExporterOptions = {}) {
    const { protocol } = target;
    if (!Object.hasOwn(CONTENT_TYPES, protocol)) {
      const rule = Object.keys(CONTENT_TYPES).map(format).join(" or ");
      invalidArgument(TypeError, "create an OTLP exporter", "protocol", rule, protocol);
    }
    const { logger = console, maxExportBatchSize = Infinity } = options;
    this.#encoding = encoding;
    this.#serializer = encoding.serializers[protocol];
    this.#write = encoding.write[protocol];
    this.#isJson = protocol === "http/json";
    this.#timeoutMs = target.timeoutMs;
    this.#maxExportBatchSize = maxExportBatchSize;
    const { [SEND_GATE]: gate } = options as WithSendGate;
    this.#transport = new OtlpTransport(target, CONTENT_TYPES[protocol], gate);
    this.#logger = logger;
    this.#once = new ReportOnce(logger);
    this.url = this.#transport.url;
  }

  export(items: Items, callback: (result: ExportResult) => void): void {
    const deadlineMs = monotonicMs() + this.#timeoutMs;
    const { split, count } = this.#encoding;
    const requests = count(items) > this.#maxExportBatchSize
      ? split(items, this.#maxExportBatchSize)
      : [items];
    this.#sendAll(requests, deadlineMs).then(
      () => callback({ code: SUCCESS }),
      (error) => callback({ code: FAILED, error }),
    );
  }

  /** Sends one request after the other, and adds up what was rejected. */
  async #sendAll(requests: readonly Items[], deadlineMs: number): Promise<void> {
    const [first] = requests;
    if (requests.length === 1 && first !== undefined) return await this.#send(first, deadlineMs);
    const { count } = this.#encoding;
    let rejected = 0;
    let all = 0;
    let last: unknown;
    for (const items of requests) {
      const length = count(items);
      all += length;
      try {
        await this.#send(items, deadlineMs);
      } catch (error) {
        rejected += rejectedBy(error, length);
        last = error;
      }
    }
    if (last === undefined) return;
    // Where nothing was accepted it has failed as a whole, and may be tried again as one.
    throw rejected >= all ? last : new OtlpExportError(errorText(last), rejected);
  }

  async #send(items: Items, deadlineMs: number): Promise<void> {
    const parts = this.#encoding.parts?.(items) ?? [items];
    const write = (part: Items) => this.#write(part, (text) => this.#once.report(text));
    const payload = parts.length === 1
      ? write(parts[0] as Items)
      : await writePayload(parts, write, this.#isJson);
    if (payload === undefined) throw new OtlpExportError("the items could not be serialized");
    let body: Uint8Array;
    try {
      body = await this.#transport.send(payload as Uint8Array<ArrayBuffer>, deadlineMs);
    } catch (error) {
      const length = this.#encoding.count(items);
      if (!(error instanceof PayloadTooLargeError) || length < 2) throw error;
      // Half as much may be little enough; one that is too large alone costs no other.
      const halves = this.#encoding.split(items, Math.ceil(length / 2));
      return await this.#sendAll(halves, deadlineMs);
    }
    this.#readResponse(body);
  }

  /** @throws {OtlpExportError} if some were rejected */
  #readResponse(body: Uint8Array): void {
    if (body.byteLength === 0) return;
    let partial: ExportResponse["partialSuccess"];
    try {
      partial = (this.#serializer.deserializeResponse(body) as ExportResponse | undefined)
        ?.partialSuccess;
    } catch {
      // Whatever it is, it came with a status that says the items were accepted.
      return;
    }
    const { rejectedSpans, rejectedDataPoints, rejectedLogRecords, errorMessage } = partial ?? {};
    const said = typeof errorMessage === "string" ? shortened(errorMessage) : "";
    const rejected = Number(rejectedSpans ?? rejectedDataPoints ?? rejectedLogRecords ?? 0);
    if (Number.isFinite(rejected) && rejected > 0) {
      const message = `the receiver rejected ${rejected} items`;
      throw new OtlpExportError(said === "" ? message : `${message}: ${said}`, rejected);
    }
    // By the specification it is a warning then.
    if (said !== "" && this.#backoff.due(monotonicMs())) {
      report(this.#logger, `${this.url} accepted everything, and says: ${said}`);
    }
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    this.#transport.shutdown();
    return Promise.resolve();
  }
}
