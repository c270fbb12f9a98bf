import { assertEquals } from "@std/assert";
import { EventBus, EventSubscriber, type Subscriptions } from "@busbar/busbar";
import { RecordingSubscriber } from "@busbar/busbar/testing";

interface LibraryEvents {
  "library.read": { keys: string[] };
}
interface AppEvents extends LibraryEvents {
  "app.note": { text: string } | undefined;
  "app.empty": undefined;
}

class LibrarySubscriber extends EventSubscriber<LibraryEvents> {
  seen = 0;
  getSubscriptions(): Subscriptions<LibraryEvents> {
    return { "library.read": (event) => this.seen += event.metadata.keys.length };
  }
}

/** A library's code, which knows its own events alone. */
function read(bus: EventBus<LibraryEvents>): void {
  bus.publish("library.read", { keys: ["a"] });
}

// Each `@ts-expect-error` fails the type check when the line under it compiles.
Deno.test("wrong types, wrong or missing metadata and reserved names do not compile", async () => {
  const bus = new EventBus<AppEvents>({ logger: { warn() {} } });
  // @ts-expect-error no such type
  bus.publish("library.write", { keys: [] });
  // @ts-expect-error metadata is missing
  bus.publish("library.read");
  // @ts-expect-error metadata of another shape
  bus.publish("library.read", { keys: [1] });
  // @ts-expect-error a reserved type
  bus.publish("bus:drop", {});
  // @ts-expect-error no such type
  bus.subscribe("library.write", () => {});
  // @ts-expect-error metadata has no such field
  bus.subscribe("library.read", (event) => event.metadata.nothing);
  bus.publish("app.note");
  bus.publish("app.note", { text: "t" }, { sessionId: "s" });
  bus.publish("app.empty", undefined, { timestamp: 1 });

  const untyped = new EventBus({ logger: { warn() {} } });
  untyped.publish("anything");
  untyped.publish("anything", { at: "all" });
  // @ts-expect-error reserved here too
  untyped.publish("bus:drop");

  // What does not compile is rejected at run time too.
  assertEquals([bus.stats().rejected.reserved, untyped.stats().rejected.reserved], [1, 1]);
  await Promise.all([bus.stop(), untyped.stop()]);
});

Deno.test("a library's subscriber and functions take an application's bus", async () => {
  const bus = new EventBus<AppEvents>().start();
  const subscriber = new LibrarySubscriber();
  bus.registerSubscriber(subscriber);
  read(bus);
  bus.addEventListener("library.read", (event) => event.detail.metadata.keys.length);
  bus.addEventListener("bus:drop", (event) => event.detail.lostByType);
  await bus.stop();
  assertEquals(subscriber.seen, 1);
});

Deno.test("a recording subscriber of an event map takes its types and gives its metadata", async () => {
  await using bus = new EventBus<LibraryEvents>().start();
  // @ts-expect-error no such type
  bus.registerSubscriber(new RecordingSubscriber<LibraryEvents>(["library.raed"]));
  const recorded = new RecordingSubscriber<LibraryEvents>(["library.read"]);
  bus.registerSubscriber(recorded);
  read(bus);
  await bus.flush();
  const keys: string[] | undefined = recorded.events[0]?.metadata.keys;
  assertEquals(keys, ["a"]);
});
