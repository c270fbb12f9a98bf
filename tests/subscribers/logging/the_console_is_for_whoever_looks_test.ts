import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { consoleSink, type LogRecord } from "@busbar/busbar/subscribers";
import { toTextLine } from "../../../src/subscribers/logging/text_line.ts";
import fc from "../../support/properties.ts";
import { installed, run, scriptCommand } from "../../support/processes.ts";

const CONSOLE = new URL("../../support/programs/console.ts", import.meta.url);

const RECORD: LogRecord = {
  timestampMs: new Date(2026, 0, 31, 14, 3, 7, 512).getTime(),
  level: "warn",
  severityNumber: 13,
  body: "no such key",
  attributes: { key: "a1", status: 404, why: "it is gone", at: { shard: 3 } },
  eventType: "cache.miss",
  sessionId: "s1",
  operationId: "",
};

Deno.test("people read the time, the level, the type, the text and the attributes in a line", () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  assertEquals(
    toTextLine({ ...RECORD, traceId }, false),
    "14:03:07.512 WARN  cache.miss no such key key=a1 status=404 " +
      `why="it is gone" at={"shard":3} session=s1 trace=${traceId}`,
  );
  assertEquals(
    toTextLine({ ...RECORD, body: "cache.miss", attributes: {}, sessionId: "" }, false),
    "14:03:07.512 WARN  cache.miss",
  );
  assertEquals(
    toTextLine({ ...RECORD, timestampMs: 1e300, attributes: {}, sessionId: "" }, false),
    "1e+300 WARN  cache.miss no such key",
  );
});

Deno.test("in colours the same is said", () => {
  const colored = toTextLine(RECORD, true);
  assertStringIncludes(colored, "\x1b[33mWARN \x1b[0m");
  // deno-lint-ignore no-control-regex -- these are the colours
  assertEquals(colored.replaceAll(/\x1b\[[\d;]+m/g, ""), toTextLine(RECORD, false));
});

Deno.test("texts of several lines go on below, and none passes for a record", () => {
  const stack = "Error: gone\n    at a.ts:1";
  assertEquals(
    toTextLine({
      ...RECORD,
      body: "two\n14:03:07.512 ERROR forged",
      attributes: { error: { message: "gone", stack }, note: "x\ny" },
      sessionId: "",
    }, false),
    "14:03:07.512 WARN  cache.miss two\n    14:03:07.512 ERROR forged error=↓ note=↓\n" +
      "    error: Error: gone\n        at a.ts:1\n    note: x\n    y",
  );
});

Deno.test("whatever events say, nothing of it steers a terminal", () => {
  const text = fc.string({ unit: "binary", maxLength: 8 });
  const hostile = "\x1b[2J\x1b]0;title\x07\r\x08\x7f\x9b31m\u2028\u202eabc";
  // deno-lint-ignore no-control-regex -- these are what it is about
  const unsafe = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
  fc.assert(fc.property(
    fc.record({ body: text, eventType: text, sessionId: text, traceId: text }),
    fc.dictionary(text, fc.oneof(text, fc.record({ stack: text })), { maxKeys: 3 }),
    (said, attributes) => {
      const all = { ...attributes, [hostile]: hostile };
      const record = { ...RECORD, ...said, body: said.body + hostile, attributes: all };
      const lines = toTextLine(record, false);
      assert(!unsafe.test(lines), JSON.stringify(lines));
      for (const line of lines.split("\n").slice(1)) assert(line.startsWith("    "), line);
    },
  ));
});

/** What the program writes. */
async function written(env: Readonly<Record<string, string>>, isTerminal: boolean) {
  const command = scriptCommand(CONSOLE, [], ["--allow-env"]);
  const quoted = command.map((word) => `'${word}'`).join(" ");
  const [program, ...args] = isTerminal
    ? ["script", "-qec", `stty cols 20; ${quoted}`, "/dev/null"]
    : command;
  const { code, stdout, stderr } = await run(program!, args, {
    env: { NO_COLOR: "", TERM: "xterm", ...env },
  });
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

Deno.test({
  name: "text on a terminal, in colours unless somebody says otherwise; JSON elsewhere",
  ignore: !installed("script"),
  fn: async () => {
    const text = "cache.miss no such key key=a1";
    const plain = await written({ NO_COLOR: "1" }, true);
    assertStringIncludes(plain, `WARN  ${text}`);
    const colored = await written({}, true);
    assertStringIncludes(colored, "\x1b[33mWARN \x1b[0m");
    // Nothing that an event says is a colour: that one is shown.
    assertStringIncludes(colored, "\\u001b[2J");
    assertEquals(JSON.parse(await written({ FORCE_COLOR: "1" }, false)).body, "no such key");
  },
});

Deno.test("what is said beats what is found", () => {
  for (const options of [{ format: "xml" }, { colors: 1 }, { minLevel: "loud" }, { color: true }]) {
    assertThrows(() => consoleSink(options as object), TypeError, Object.keys(options)[0]);
  }
});
