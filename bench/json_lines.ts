// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does a JSON line cost, in a file or a pipe, next to pino's with the same fields? To files, all write
 * to their own; to a pipe, to the standard output, which another process reads. Busbar's way begins at
 * `publish`, and ends with what it has written. It fails if a line was lost. CPU time counts, of all
 * threads.
 *
 * Run it with `deno task bench:logs [deno | node22 | node24 | bun] [pipe]`.
 *
 * @module
 */
import { mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import pino from "pino";
import { EventBus } from "@busbar/busbar";
import { declare } from "../src/catalog/mod.ts";
import { jsonLinesSink, LoggingSubscriber, type LogRecord } from "../src/subscribers/mod.ts";
import { type Contender, cpuMs, measure } from "./measure.ts";

/** Whether all write to the standard output, which `run.ts` reads. */
const TO_PIPE = process.argv.includes("pipe");
const LINES_PER_BURST = 100;
/** How many lines come in one turn of the event loop. */
const GROUPS = [100, 10, 1];
const TEXT = "request handled";
const folder = mkdtempSync(`${tmpdir()}/busbar-lines-`);

interface Events {
  "http.end": {
    method: string;
    route: string;
    status: number;
    durationMs: number;
  };
}

interface Request {
  readonly sessionId: string;
  readonly attributes: Events["http.end"];
}

/** Requests as they come, each with texts of its own. */
let serial = 0;
const nextRequest = (): Request => ({
  sessionId: `${(++serial).toString(16).padStart(8, "0")}-6f2a-4d31-9c55-0123456789ab`,
  attributes: {
    method: "GET",
    route: "/items/:id",
    status: serial % 50 === 0 ? 404 : 200,
    durationMs: (serial % 1_000) / 8,
  },
});

/** A turn of the event loop, in which the bus delivers. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Log {
  readonly log: (requests: readonly Request[]) => void;
  /** Writes what it still holds, after every ten bursts, and is timed. */
  readonly flush?: () => void;
  /** Writes what it still holds, at the end of all. */
  readonly end?: () => void;
}

/** A contender that writes to a file, which is read and cleared away outside of the measurement. */
interface FileContender extends Contender {
  /** Throws if a line is missing. */
  readonly check: () => void;
}

/** @param group how many lines are logged at a time */
function toFile(
  name: string,
  group: number,
  open: (path: string) => Log,
): FileContender {
  const path = `${folder}/${name.replaceAll(/\W/g, "_")}_${group}`;
  const { log, flush, end } = open(path);
  let bursts = 0;
  let written = 0;
  const count = () => {
    if (TO_PIPE) return;
    const lines = readFileSync(path, "utf8").split("\n");
    written += lines.length - 1;
    if (lines.length > 1) {
      const { sessionId, attributes } = JSON.parse(lines.at(-2)!);
      if (attributes.method !== "GET" || sessionId.length !== 36) {
        throw new Error(lines.at(-2));
      }
    }
    truncateSync(path);
  };
  return {
    name,
    burst: async () => {
      for (let left = LINES_PER_BURST; left > 0; left -= group) {
        log(Array.from({ length: group }, nextRequest));
        await turn();
      }
      if (++bursts % 10 === 0) flush?.();
    },
    afterTenBursts: count,
    check: () => {
      end?.();
      count();
      const logged = bursts * LINES_PER_BURST;
      total += logged;
      if (TO_PIPE) return;
      if (written !== logged) {
        throw new Error(`${name} has written ${written} of ${logged} lines`);
      }
    },
  };
}

/** How many lines all contenders have logged. */
let total = 0;

/** Where Busbar writes. */
function sinkFor(path: string) {
  return TO_PIPE ? jsonLinesSink() : jsonLinesSink({ writeLines: appendTo(path) });
}

/** A function that appends to a file. */
function appendTo(path: string): (text: string) => void {
  const file = openSync(path, "a");
  return (text) => void writeSync(file, text);
}

function pinoTo(
  path: string,
  options: pino.LoggerOptions,
  destination: object = {},
): Log {
  const stream = pino.destination({ dest: TO_PIPE ? 1 : path, sync: true, ...destination });
  const logger = pino(options, stream);
  return {
    log: (requests) => {
      for (const { sessionId, attributes } of requests) {
        logger.info({ eventType: "http.end", sessionId, attributes }, TEXT);
      }
    },
    end: () => stream.flushSync(),
  };
}

const SAME_FIELDS: pino.LoggerOptions = {
  base: null,
  messageKey: "body",
  timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
  formatters: { level: (level) => ({ level }) },
};

/** From `publish` to the file. */
function busbarTo(path: string): Log {
  const { catalog } = declare<Events>();
  const { logs } = catalog({
    logs: {
      "http.end": { level: "info", body: () => TEXT, maxPerSecond: Infinity },
    },
  });
  const bus = new EventBus<Events>().start();
  bus.registerSubscriber(
    new LoggingSubscriber<Events>({
      logs,
      sink: sinkFor(path),
    }),
  );
  return {
    log: (requests) => {
      for (const { sessionId, attributes } of requests) {
        bus.publish("http.end", attributes, { sessionId });
      }
    },
    flush: () => bus.flushSync(),
  };
}

/** The sink alone, given records. */
function sinkTo(path: string): Log {
  const sink = sinkFor(path);
  return {
    log: (requests) => {
      for (const { sessionId, attributes } of requests) {
        const record: LogRecord = {
          timestampMs: Date.now(),
          level: "info",
          severityNumber: 9,
          body: TEXT,
          attributes,
          eventType: "http.end",
          sessionId,
          operationId: "",
        };
        sink(record);
      }
    },
    flush: () => sink.flushSync?.(),
  };
}

// The standard output is full of lines.
const say = TO_PIPE ? console.error : console.log;
const BASELINE = "pino, same fields";
const BUFFERED = "pino, same fields, buffered";
say(
  `${process.version}: ns of CPU a line; lines a turn: ${GROUPS.join(", ")}`,
);
const rows = new Map<string, string[]>();
for (const group of GROUPS) {
  const contenders = [
    toFile(BASELINE, group, (path) => pinoTo(path, SAME_FIELDS)),
    toFile("pino, its own fields", group, (path) => pinoTo(path, {})),
    // It writes when it has 8 kB, whenever that is.
    toFile(
      BUFFERED,
      group,
      (path) => pinoTo(path, SAME_FIELDS, { minLength: 8_192 }),
    ),
    toFile("Busbar, from publish to file", group, busbarTo),
    toFile("Busbar, the sink alone", group, sinkTo),
  ];
  // What it costs to make the requests, and the turns, is in none of the numbers.
  const nothing: Contender = {
    name: "nothing",
    burst: async () => {
      for (let left = LINES_PER_BURST; left > 0; left -= group) {
        Array.from({ length: group }, nextRequest);
        await turn();
      }
    },
  };
  const timings = await measure([...contenders, nothing], LINES_PER_BURST, cpuMs);
  for (const { check } of contenders) check();
  const net = (name: string) => timings.get(name)! - timings.get("nothing")!;
  for (const { name } of contenders) {
    const ratio = (net(name) / net(BASELINE)).toFixed(2);
    rows.set(name, [
      ...rows.get(name) ?? [],
      `${net(name).toFixed(0).padStart(8)} (${ratio})`,
    ]);
  }
}
for (const [name, cells] of rows) {
  say(`${name.padEnd(30)} ${cells.join(" ")}`);
}
rmSync(folder, { recursive: true });
if (TO_PIPE) writeSync(1, `${total}\n`);
// Loggers hold their files open.
process.exit();
