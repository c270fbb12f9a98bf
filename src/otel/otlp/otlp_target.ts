/** The encoding of OTLP payloads. */
export type OtlpProtocol = "http/protobuf" | "http/json";

/** The compression of OTLP payloads. */
export type OtlpCompression = "none" | "gzip";

/** How OTLP is sent. */
export interface OtlpSettings {
  /** The encoding of payloads. Default: `"http/protobuf"`. */
  readonly protocol: OtlpProtocol;
  /** The compression of payloads. Default: `"none"`. */
  readonly compression: OtlpCompression;
  /** Headers of each request; they may hold secrets and are never logged. Default: none. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long one export may take, its retries included, in milliseconds. Default: 10,000. */
  readonly timeoutMs: number;
}

/** Where and how one signal is sent. */
export interface OtlpTarget extends OtlpSettings {
  /** The complete URL, such as `http://127.0.0.1:4318/v1/traces`. */
  readonly endpoint: string;
}

/** The defaults of {@linkcode OtlpSettings}. */
export const DEFAULT_OTLP_SETTINGS: OtlpSettings = Object.freeze({
  protocol: "http/protobuf",
  compression: "none",
  headers: Object.freeze({}),
  timeoutMs: 10_000,
});
