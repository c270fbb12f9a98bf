import { LOG_LEVELS, type LogLevel } from "../../catalog/log.ts";
import { invalidArgument } from "../../internal/arguments.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { toJsonLine, typeText } from "./json_line.ts";
import { epochMsText, isoTimeText } from "./line_time.ts";
import type { LogAttributes, LogRecord, LogValue } from "./log_record.ts";

/** How lines name what they say, as `JsonLinesOptions.fields` documents it. */
export interface LineFields {
  readonly timestamp: string;
  readonly level: string;
  readonly body: string;
  readonly eventType: string | false;
  readonly sessionId: string | false;
  readonly operationId: string | false;
  readonly traceId: string | false;
  readonly spanId: string | false;
  readonly traceFlags: string | false;
  /** `""`: they stand among the others. */
  readonly attributes: string | false;
  readonly timestampFormat: "iso" | "epoch-ms";
  readonly levels: Readonly<Partial<Record<LogLevel, string | number>>>;
  readonly traceIdPrefix: string;
  readonly constants: LogAttributes;
}

/** What a preset says beyond that. */
interface Preset extends LineFields {
  readonly showFlags: (flags: number) => LogValue;
  readonly showAttributes: (attributes: LogAttributes) => LogAttributes;
}

/** The names of the presets. */
export type FieldsPreset = "busbar" | "pino" | "ecs" | "google";

/** What the option may be. */
export type FieldsOption =
  | FieldsPreset
  | { readonly [Name in keyof LineFields]?: LineFields[Name] | undefined } & {
    readonly preset?: FieldsPreset | undefined;
  };

const OWN: Preset = {
  timestamp: "timestamp",
  level: "level",
  body: "body",
  eventType: "eventType",
  sessionId: "sessionId",
  operationId: "operationId",
  traceId: "traceId",
  spanId: "spanId",
  traceFlags: "traceFlags",
  attributes: "attributes",
  timestampFormat: "iso",
  levels: {},
  traceIdPrefix: "",
  constants: {},
  showFlags: (flags) => flags,
  showAttributes: (attributes) => attributes,
};

const PRESETS: Readonly<Record<FieldsPreset, Preset>> = {
  busbar: OWN,
  pino: {
    ...OWN,
    timestamp: "time",
    body: "msg",
    traceId: "trace_id",
    spanId: "span_id",
    traceFlags: "trace_flags",
    attributes: "",
    timestampFormat: "epoch-ms",
    levels: { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 },
    showFlags: (flags) => flags.toString(16).padStart(2, "0"),
  },
  ecs: {
    ...OWN,
    timestamp: "@timestamp",
    level: "log.level",
    body: "message",
    eventType: "event.action",
    sessionId: "labels.session_id",
    operationId: "labels.operation_id",
    traceId: "trace.id",
    spanId: "span.id",
    traceFlags: false,
    attributes: "labels",
    constants: { "ecs.version": "8.11.0" },
    showAttributes: toLabels,
  },
  google: {
    ...OWN,
    timestamp: "time",
    level: "severity",
    body: "message",
    traceId: "logging.googleapis.com/trace",
    spanId: "logging.googleapis.com/spanId",
    traceFlags: "logging.googleapis.com/trace_sampled",
    levels: {
      trace: "DEBUG",
      debug: "DEBUG",
      info: "INFO",
      warn: "WARNING",
      error: "ERROR",
      fatal: "CRITICAL",
    },
    showFlags: (flags) => (flags & 1) === 1,
  },
};

/** Those that may be left out. */
const OPTIONAL = [
  "eventType",
  "sessionId",
  "operationId",
  "traceId",
  "spanId",
  "traceFlags",
  "attributes",
] as const;
const REQUIRED = ["timestamp", "level", "body"] as const;
const NAMES: readonly string[] = ["preset", ...Object.keys(OWN).filter((n) => !/^show/.test(n))];

/**
 * What makes a line of a record; a character that steers a terminal may still be in it, see
 * `escapeControls`.
 *
 * @param action what cannot be done if the option is invalid
 * @throws {TypeError} if it is unknown, of the wrong type, or names two things alike
 */
export function lineFormatter(
  action: string,
  option: FieldsOption | undefined,
): (record: LogRecord) => string {
  const fields = resolve(action, option);
  return fields === OWN ? toJsonLine : formatter(fields);
}

function resolve(action: string, option: FieldsOption = "busbar"): Preset {
  const known = Object.keys(PRESETS);
  const ofName = (name: string, value: unknown): Preset => {
    if (!known.includes(value as string)) {
      invalidArgument(TypeError, action, name, `one of ${known.join(", ")}, or names`, value);
    }
    return PRESETS[value as FieldsPreset];
  };
  if (typeof option !== "object" || option === null) return ofName("fields", option);
  assertKnownNames(action, "name in fields", option, NAMES);
  const { preset = "busbar", ...given } = option;
  const said = Object.fromEntries(Object.entries(given).filter(([, one]) => one !== undefined));
  const fields = { ...ofName("fields.preset", preset), ...said } as Preset;
  checkNames(action, fields);
  checkValues(action, fields);
  return fields;
}

function checkNames(action: string, fields: Preset): void {
  for (const name of REQUIRED) {
    if (typeof fields[name] !== "string" || fields[name] === "") {
      invalidArgument(TypeError, action, `fields.${name}`, "a name", fields[name]);
    }
  }
  for (const name of OPTIONAL) {
    const isName = typeof fields[name] === "string" &&
      (fields[name] !== "" || name === "attributes");
    if (!isName && fields[name] !== false) {
      invalidArgument(TypeError, action, `fields.${name}`, "a name or false", fields[name]);
    }
  }
  const names = ownNames(fields);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    invalidArgument(TypeError, action, "fields", "names that differ from each other", twice);
  }
}

function checkValues(
  action: string,
  { timestampFormat, levels, traceIdPrefix, constants }: Preset,
): void {
  if (timestampFormat !== "iso" && timestampFormat !== "epoch-ms") {
    const rule = '"iso" or "epoch-ms"';
    invalidArgument(TypeError, action, "fields.timestampFormat", rule, timestampFormat);
  }
  for (const [level, shown] of Object.entries(levels ?? {})) {
    const isShown = typeof shown === "string" || Number.isFinite(shown);
    if (!LOG_LEVELS.includes(level as LogLevel) || !isShown && shown !== undefined) {
      const rule = `texts or numbers of ${LOG_LEVELS.join(", ")}`;
      invalidArgument(TypeError, action, "fields.levels", rule, { [level]: shown });
    }
  }
  if (typeof levels !== "object" || levels === null) {
    invalidArgument(TypeError, action, "fields.levels", "texts or numbers by level", levels);
  }
  if (typeof traceIdPrefix !== "string") {
    invalidArgument(TypeError, action, "fields.traceIdPrefix", "a string", traceIdPrefix);
  }
  if (typeof constants !== "object" || constants === null || Array.isArray(constants)) {
    invalidArgument(TypeError, action, "fields.constants", "values by name", constants);
  }
}

/** What no attribute that stands among the others may be called. */
function ownNames(fields: Preset): string[] {
  const { attributes } = fields;
  const names = [...REQUIRED, ...OPTIONAL.filter((name) => name !== "attributes")]
    .map((name) => fields[name]);
  return [...names, attributes === "" ? false : attributes, ...Object.keys(fields.constants)]
    .filter((name) => name !== false);
}

function formatter(fields: Preset): (record: LogRecord) => string {
  const { showFlags, showAttributes, traceIdPrefix } = fields;
  const key = (name: string | false) => name === false ? undefined : `,${JSON.stringify(name)}:`;
  const start = `{${key(fields.timestamp)?.slice(1)}`;
  const timeText = fields.timestampFormat === "iso" ? isoTimeText : epochMsText;
  const levels = Object.fromEntries(
    LOG_LEVELS.map((level) => [
      level,
      key(fields.level) + JSON.stringify(fields.levels[level] ?? level),
    ]),
  ) as Record<LogLevel, string>;
  const body = key(fields.body);
  const constants = inner(fields.constants);
  const [type, session, operation, trace, span, flags] = [
    key(fields.eventType),
    key(fields.sessionId),
    key(fields.operationId),
    key(fields.traceId),
    key(fields.spanId),
    key(fields.traceFlags),
  ];
  const attributes = fields.attributes === "" ? undefined : key(fields.attributes);
  const own = new Set(ownNames(fields));
  return (record) => {
    const { eventType, sessionId, operationId, traceId, spanId, traceFlags } = record;
    let line = start + timeText(record.timestampMs) + levels[record.level] + body +
      (record.body === eventType ? typeText(eventType) : JSON.stringify(record.body)) + constants;
    if (type !== undefined) line += type + typeText(eventType);
    if (session !== undefined && sessionId !== "") line += session + JSON.stringify(sessionId);
    if (operation !== undefined && operationId !== "") {
      line += operation + JSON.stringify(operationId);
    }
    if (trace !== undefined && traceId !== undefined) {
      line += trace + JSON.stringify(traceIdPrefix + traceId);
    }
    if (span !== undefined && spanId !== undefined) line += span + JSON.stringify(spanId);
    if (flags !== undefined && traceFlags !== undefined) {
      line += flags + JSON.stringify(showFlags(traceFlags));
    }
    if (attributes !== undefined) {
      line += attributes + JSON.stringify(showAttributes(record.attributes));
    } else if (fields.attributes === "") {
      line += inner(apart(showAttributes(record.attributes), own));
    }
    return `${line}}`;
  };
}

/** The fields of an object, to be appended to others. */
function inner(object: LogAttributes): string {
  const text = JSON.stringify(object);
  return text === "{}" ? "" : `,${text.slice(1, -1)}`;
}

/** Attributes that stand among a line's own fields: none takes the place of one of these. */
function apart(attributes: LogAttributes, own: ReadonlySet<string>): LogAttributes {
  if (!Object.keys(attributes).some((name) => own.has(name))) return attributes;
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      own.has(name) ? `attributes.${name}` : name,
      value,
    ]),
  );
}

/** Labels of the Elastic Common Schema: no object is in another one, no name has a dot. */
function toLabels(attributes: LogAttributes): LogAttributes {
  const labels: Record<string, LogValue> = Object.create(null);
  const add = (name: string, value: LogValue): void => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [inner, one] of Object.entries(value)) add(`${name}_${inner}`, one);
    } else {
      const isSimple = !Array.isArray(value) || value.every((one) => typeof one !== "object");
      labels[name.replaceAll(".", "_")] = isSimple ? value : JSON.stringify(value);
    }
  };
  for (const [name, value] of Object.entries(attributes)) add(name, value);
  return labels;
}
