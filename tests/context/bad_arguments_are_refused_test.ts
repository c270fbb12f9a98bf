import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { operation, readBaggage, withSession } from "@busbar/busbar/context";

/** Calls as untyped code may: each has the message of its error. */
const bus = new EventBus({ enabled: false });
const pair = ["a.start", "a.end"];
const fn = () => {};
const RULE = "pair must be two different event types, not beginning with bus:, received";
const REFUSED: [message: string, call: () => unknown][] = [
  ...([
    ["bus must be an object with a method publish, received undefined", [undefined, pair, {}, fn]],
    [`${RULE} undefined`, [bus, undefined, {}, fn]],
    [`${RULE} a.start`, [bus, { toString: () => "a.start" }, {}, fn]],
    [`${RULE} ["a.start"]`, [bus, ["a.start"], {}, fn]],
    [`${RULE} ["a","a"]`, [bus, ["a", "a"], {}, fn]],
    [`${RULE} ["a","bus:drop"]`, [bus, ["a", "bus:drop"], {}, fn]],
    [`${RULE} ["a",""]`, [bus, ["a", ""], {}, fn]],
    ["fn must be a function, received undefined", [bus, pair, {}]],
    ["options must be an object, received null", [bus, pair, {}, fn, null]],
    ['there is no option "contxt"; did you mean "context"?', [bus, pair, {}, fn, { contxt: {} }]],
    ['context must be a session or an operation, received "s1"', [bus, pair, {}, fn, {
      context: "s1",
    }]],
    ["failed must be metadata of the end, received 5", [bus, pair, {}, fn, { failed: 5 }]],
  ] as [string, unknown[]][]).map(([message, args]): [string, () => unknown] => [
    `Cannot begin an operation: ${message}`,
    () => (operation as unknown as (...args: unknown[]) => unknown)(...args),
  ]),
  ...([
    ["init must be an object, received undefined", [undefined, fn]],
    ['init must be an object, received "s1"', ["s1", fn]],
    ["fn must be a function, received undefined", [{}]],
    ["sessionId must be a text, received 7", [{ sessionId: 7 }, fn]],
    ["operationId must be a text, received true", [{ operationId: true }, fn]],
    ['traceparent must be a text, received ["a","b"]', [{ traceparent: ["a", "b"] }, fn]],
    ["tracestate must be a text, received 1", [{ tracestate: 1 }, fn]],
    ['baggage must be texts by name, received "tenant=a"', [{ baggage: "tenant=a" }, fn]],
  ] as [string, unknown[]][]).map(([message, args]): [string, () => unknown] => [
    `Cannot begin a session: ${message}`,
    () => (withSession as unknown as (...args: unknown[]) => unknown)(...args),
  ]),
  ...["tenant", [5], ["a b"], [""]].map((names): [string, () => unknown] => [
    "Cannot read baggage: names must be a list of names that a header can hold, received " +
    JSON.stringify(names),
    () => readBaggage("", names as string[]),
  ]),
];

Deno.test("an argument that is none is refused, with its name, the rule and the value", () => {
  for (const [message, call] of REFUSED) {
    const error = assertThrows(call, TypeError, message);
    assertEquals(error.message.startsWith("Cannot "), true);
  }
});
