import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async";
import { EventBus } from "@busbar/busbar";
import { currentContext, type Session, withSession } from "@busbar/busbar/context";
import { contextBus } from "../support/contexts.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

Deno.test("what is published in a session has what it was given", async () => {
  const { bus, recorded } = contextBus();
  const init = {
    sessionId: "s",
    operationId: "o",
    traceparent: TRACEPARENT,
    tracestate: "vendor=1",
  };
  withSession(init, () => bus.publish("note", { text: "in" }));
  bus.publish("note", { text: "out" });
  await bus.stop();
  const [inside, outside] = recorded.events.map(
    ({ sessionId, operationId, traceparent, tracestate }) => ({
      sessionId,
      operationId,
      traceparent,
      tracestate,
    }),
  );
  assertEquals(inside, init);
  assertEquals(outside, {
    sessionId: "",
    operationId: "",
    traceparent: undefined,
    tracestate: undefined,
  });
});

Deno.test("a session survives awaits, timers and microtasks", async () => {
  const { bus, recorded } = contextBus();
  await withSession({ sessionId: "s" }, async () => {
    await null;
    bus.publish("note", { text: "await" });
    await delay(0);
    bus.publish("note", { text: "timer" });
    await new Promise<void>((resolve) =>
      queueMicrotask(() => {
        bus.publish("note", { text: "microtask" });
        resolve();
      })
    );
  });
  await bus.stop();
  assertEquals(recorded.events.map(({ sessionId }) => sessionId), ["s", "s", "s"]);
});

Deno.test("a thousand sessions at the same time never mix", async () => {
  const { bus, recorded } = contextBus();
  const names = Array.from({ length: 1_000 }, (_, i) => `s${i}`);
  await Promise.all(names.map((sessionId, i) =>
    withSession({ sessionId }, async () => {
      bus.publish("note", { text: sessionId });
      for (let turn = 0; turn < i % 4; turn++) await (i % 2 === 0 ? delay(0) : null);
      bus.publish("note", { text: sessionId });
    })
  ));
  await bus.stop();
  assertEquals(recorded.events.length, 2_000);
  for (const { sessionId, metadata } of recorded.events) {
    assertEquals(sessionId, (metadata as { text: string }).text);
  }
});

Deno.test("a session within another takes nothing over, and leaves it as it was", () => {
  withSession({ sessionId: "outer", traceparent: TRACEPARENT }, () => {
    withSession({ sessionId: "inner" }, () => {
      const { sessionId, traceparent } = currentContext() ?? {};
      assertEquals([sessionId, traceparent], ["inner", undefined]);
    });
    assertEquals(currentContext()?.sessionId, "outer");
  });
  assertEquals(currentContext(), undefined);
});

Deno.test("a session that is given no id gets one of its own", () => {
  const ids = [{}, { sessionId: undefined }, { sessionId: null }, { sessionId: "" }].map((init) =>
    withSession(init, (session) => {
      assertEquals(currentContext()?.sessionId, session.sessionId);
      return session.sessionId;
    })
  );
  for (const id of ids) assertMatch(id, /^[0-9a-f-]{32,36}$/);
  assertEquals(new Set(ids).size, 4);
});

Deno.test("what publish is told comes first", async () => {
  const { bus, recorded } = contextBus();
  withSession({ sessionId: "s" }, () => bus.publish("note", { text: "" }, { sessionId: "own" }));
  await bus.stop();
  assertEquals(recorded.events[0]?.sessionId, "own");
});

Deno.test("handlers run in no session, whoever publishes", async () => {
  const { bus } = contextBus();
  const seen: unknown[] = [];
  bus.subscribe("note", () => seen.push(currentContext()));
  withSession({ sessionId: "s" }, () => bus.publish("note", { text: "" }));
  await bus.stop();
  assertEquals(seen, [undefined]);
});

Deno.test("a session returns what its function does, and throws what it throws", async () => {
  const error = new Error("no");
  assertEquals(withSession({}, () => 5), 5);
  assertEquals(await withSession({}, () => Promise.resolve(6)), 6);
  let thrown: unknown;
  try {
    withSession({}, () => {
      throw error;
    });
  } catch (caught) {
    thrown = caught;
  }
  assertEquals(thrown, error);
  assertEquals(currentContext(), undefined);
});

Deno.test("a bus without the option knows of no session", async () => {
  const bus = new EventBus().start();
  const sessions: string[] = [];
  bus.subscribe("a", (event) => sessions.push(event.sessionId));
  const session = withSession({ sessionId: "s" }, (session: Session) => {
    bus.publish("a");
    return session;
  });
  bus.publish("a", undefined, session);
  await bus.stop();
  assertEquals(sessions, ["", "s"]);
  assert(session !== undefined);
});
