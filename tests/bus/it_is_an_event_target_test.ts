import { assertEquals } from "@std/assert";
import fc, { runs } from "../support/properties.ts";
import { nextTurn, quietBus } from "../support/quiet_bus.ts";

const TYPES = ["a", "b"];
const LISTENERS = 4;
const SIGNALS = 2;

type Operation =
  | { do: "add"; type: string; listener: number; options: Options }
  | { do: "remove"; type: string; listener: number; capture: boolean }
  | { do: "dispatch"; type: string; cancelable: boolean }
  | { do: "abort"; signal: number };

interface Options {
  once: boolean;
  capture: boolean;
  signal: number | undefined;
}

const type = fc.constantFrom(...TYPES);
const listener = fc.nat({ max: LISTENERS - 1 });

/** Programs; with signals, listeners are added with one that may abort. */
function programs(withSignals: boolean): fc.Arbitrary<Operation[]> {
  const signal = fc.nat({ max: SIGNALS - 1 });
  const add = fc.record({
    do: fc.constant("add" as const),
    type,
    listener,
    options: fc.record({
      once: fc.boolean(),
      capture: fc.boolean(),
      signal: withSignals ? fc.option(signal, { nil: undefined, freq: 3 }) : fc.constant(undefined),
    }),
  });
  const operation: fc.Arbitrary<Operation> = fc.oneof(
    add,
    fc.record({ do: fc.constant("remove" as const), type, listener, capture: fc.boolean() }),
    fc.record({ do: fc.constant("dispatch" as const), type, cancelable: fc.boolean() }),
    ...(withSignals ? [fc.record({ do: fc.constant("abort" as const), signal })] : []),
  );
  return fc.array(operation, { maxLength: 40 });
}

/** Runs a program on a target and logs all that can be seen from outside. */
function run(target: EventTarget, program: readonly Operation[], throws: boolean): string[] {
  const log: string[] = [];
  const controllers = Array.from({ length: SIGNALS }, () => new AbortController());
  const note = (index: number, self: unknown, event: Event) => {
    const phase = `${event.eventPhase} ${event.currentTarget === target}`;
    log.push(`listener ${index} of ${event.type}: ${self === target} ${phase}`);
    if (throws) throw new Error("a listener's own error");
  };
  const listeners: EventListenerOrEventListenerObject[] = [
    function (this: unknown, event) {
      note(0, this, event);
    },
    function (this: unknown, event) {
      event.stopImmediatePropagation();
      note(1, this, event);
    },
    {
      handleEvent(event: Event) {
        event.preventDefault();
        note(2, this === listeners[2] ? target : this, event);
      },
    },
    // One that removes another and adds itself anew while the event is being dispatched.
    function again(this: unknown, event) {
      target.removeEventListener(event.type, listeners[0] ?? null);
      target.addEventListener(event.type, again, { once: true });
      note(3, this, event);
    },
  ];
  for (const step of program) {
    if (step.do === "add") {
      const { once, capture, signal } = step.options;
      const abort = signal === undefined ? undefined : controllers[signal]?.signal;
      target.addEventListener(step.type, listeners[step.listener] ?? null, {
        once,
        capture,
        ...(abort === undefined ? {} : { signal: abort }),
      });
    } else if (step.do === "remove") {
      const { capture } = step;
      target.removeEventListener(step.type, listeners[step.listener] ?? null, { capture });
    } else if (step.do === "dispatch") {
      const event = new Event(step.type, { cancelable: step.cancelable });
      log.push(`dispatched ${step.type}: ${target.dispatchEvent(event)}`);
    } else {
      controllers[step.signal]?.abort();
    }
  }
  return log;
}

function assertLikeNative(withSignals: boolean): void {
  fc.assert(
    fc.property(programs(withSignals), (program) => {
      const { bus } = quietBus();
      assertEquals(run(bus, program, false), run(new EventTarget(), program, false));
    }),
    runs(1_000),
  );
}

Deno.test("any program does on a bus what it does on a native EventTarget", () => {
  assertLikeNative(false);
});

Deno.test("any program with signals does so too", () => {
  assertLikeNative(true);
});

Deno.test("listeners that throw change nothing but the counts, and end nothing", () => {
  fc.assert(
    fc.property(programs(false), (program) => {
      const { bus } = quietBus();
      const log = run(bus, program, true);
      assertEquals(log, run(new EventTarget(), program, false));
      const thrown = Object.values(bus.subscriberExceptionCounts()).reduce((sum, n) => sum + n, 0);
      assertEquals(thrown, log.filter((line) => line.startsWith("listener")).length);
    }),
    runs(300),
  );
});

// Node's own EventTarget does not know it when a listener is removed.
Deno.test("a boolean is short for capture", () => {
  const { bus } = quietBus();
  let calls = 0;
  const listener = () => calls++;
  bus.addEventListener("a", listener, true);
  bus.removeEventListener("a", listener, false);
  bus.removeEventListener("a", listener);
  bus.dispatchEvent(new Event("a"));
  bus.removeEventListener("a", listener, true);
  bus.dispatchEvent(new Event("a"));
  assertEquals(calls, 1);
});

Deno.test("hasSubscribers follows listeners through once and signal", async () => {
  const { bus } = quietBus();
  bus.start();
  const controller = new AbortController();
  bus.addEventListener("a", () => {}, { once: true });
  bus.addEventListener("b", () => {}, { signal: controller.signal });
  assertEquals([bus.hasSubscribers("a"), bus.hasSubscribers("b")], [true, true]);
  bus.publish("a");
  await bus.flush();
  controller.abort();
  assertEquals([bus.hasSubscribers("a"), bus.hasSubscribers("b")], [false, false]);
  await bus.stop();
});

Deno.test("null is no listener, and a listener's detail is the record itself", async () => {
  const { bus } = quietBus();
  bus.start();
  bus.addEventListener("a", null);
  assertEquals(bus.hasSubscribers("a"), false);
  const details: unknown[] = [];
  const records: unknown[] = [];
  bus.subscribe("a", (event) => records.push(event));
  bus.addEventListener("a", (event: CustomEvent) => details.push(event.detail));
  bus.publish("a", 1);
  await nextTurn();
  assertEquals(details.length, 1);
  assertEquals(details[0] === records[0], true);
  await bus.stop();
});

Deno.test("a passive listener cannot prevent the default, others can", () => {
  const { bus } = quietBus();
  for (const passive of [true, false, undefined]) {
    const listener = (event: Event) => event.preventDefault();
    const options = passive === undefined ? {} : { passive };
    bus.addEventListener("a", listener, options);
    const event = new Event("a", { cancelable: true });
    bus.dispatchEvent(event);
    assertEquals(event.defaultPrevented, passive !== true);
    bus.removeEventListener("a", listener);
  }
});

Deno.test("what is no listener is treated as by any EventTarget: null is ignored", () => {
  const { bus } = quietBus();
  const native = new EventTarget();
  for (const listener of [null, undefined, 1, "text", true]) {
    for (const method of ["addEventListener", "removeEventListener"] as const) {
      const outcomeOf = (target: EventTarget) => {
        try {
          return target[method]("a", listener as null);
        } catch (error) {
          return (error as Error).name;
        }
      };
      assertEquals(outcomeOf(bus), outcomeOf(native), `${method} of ${listener}`);
    }
  }
  assertEquals(bus.hasSubscribers("a"), false);
});
