import { assertEquals, assertRejects } from "@std/assert";
import { AddressInUseError, type MetricsServer } from "@busbar/busbar/http";
import { PortKeeper } from "../../../src/threads/membership/port_keeper.ts";
import { World, type WorldThread } from "../../support/threads_world.ts";

/** The one port of a made-up machine. */
class Port {
  owner: string | undefined;
  /** What stands in the way beside its being in use. */
  failure: Error | undefined;

  listen(owner: string): Promise<MetricsServer> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.owner !== undefined) return Promise.reject(new AddressInUseError("127.0.0.1", 9_464));
    this.owner = owner;
    const shutdown = () => {
      if (this.owner === owner) this.owner = undefined;
      return Promise.resolve();
    };
    return Promise.resolve({
      origin: "http://127.0.0.1:9464",
      metricsUrl: "http://127.0.0.1:9464/metrics",
      shutdown,
      [Symbol.asyncDispose]: shutdown,
    });
  }
}

/** Threads whose keepers follow their roles, as the set-up has them. */
function someKeepers(count: number, number = 0) {
  const world = new World();
  const port = new Port();
  const threads = Array.from({ length: count }, (_, i) => {
    let keeper: PortKeeper | undefined = undefined as PortKeeper | undefined;
    const thread = world.start(i + 1, {
      onRole: (role) => {
        if (role === "port") keeper?.update();
      },
    });
    const { membership, logger } = thread;
    keeper = new PortKeeper({
      membership,
      address: { hostname: "127.0.0.1", port: number },
      listen: () => port.listen(`thread ${thread.number}`),
      logger,
    });
    return { thread, keeper };
  });
  /** Lets time pass, and what the keepers have begun come to its end. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      world.pass(250);
      await new Promise<void>((resolve) => setTimeout(resolve));
    }
  };
  /** Opens all of them in turn, while they meet. */
  const open = async () => {
    const opened = threads.map(({ keeper }) => keeper.open());
    await pass(1_000);
    await Promise.all(opened);
  };
  return { world, port, threads, pass, open };
}

const end = ({ thread, port }: { thread: WorldThread; port: Port }) => {
  thread.terminate();
  // With a thread, the system closes what it had open.
  port.owner = undefined;
};

Deno.test("the first thread serves it at once, and the others leave it alone", async () => {
  const { port, threads, pass, open } = someKeepers(3);
  await open();
  await pass(10_000);
  assertEquals(threads.map(({ keeper }) => keeper.isServing), [true, false, false]);
  const url = "http://127.0.0.1:9464/metrics";
  assertEquals(threads.map(({ keeper }) => keeper.metricsUrl), [url, url, url]);
  assertEquals(port.owner, "thread 1");
  assertEquals(threads[2]!.thread.membership.port, 9_464);
  assertEquals(threads.flatMap(({ thread }) => thread.logger.lines), []);
});

Deno.test("when its thread ends, another serves it", async () => {
  const { port, threads, pass, open } = someKeepers(3);
  await open();
  await pass(2_000);
  const [first, ...others] = threads.map(({ thread, keeper }) => ({ thread, keeper }));
  end({ thread: first!.thread, port });
  threads.shift();
  await pass(3_000);
  assertEquals(others.filter(({ keeper }) => keeper.isServing).length, 1);
  assertEquals(others.some(({ thread: { number } }) => port.owner === `thread ${number}`), true);
});

Deno.test("one that hangs keeps the port until it is ended; then another has it", async () => {
  const { port, threads, pass, open } = someKeepers(2);
  await open();
  await pass(2_000);
  const [first, second] = threads;
  first!.thread.hangs = true;
  await pass(12_000);
  assertEquals(second!.keeper.isServing, false);
  const [line, ...others] = second!.thread.logger.lines;
  assertEquals(line?.includes("by another process, or by a thread that hangs"), true, line);
  assertEquals(others, []);
  end({ thread: first!.thread, port });
  await pass(2_500);
  assertEquals(port.owner, "thread 2");
});

Deno.test("when one that hung goes on, one of them serves it", async () => {
  const { port, threads, pass, open } = someKeepers(2);
  await open();
  await pass(2_000);
  const [first] = threads;
  first!.thread.hangs = true;
  await pass(2_500);
  first!.thread.hangs = false;
  await pass(5_000);
  const serving = threads.filter(({ keeper }) => keeper.isServing);
  assertEquals(serving.map(({ thread }) => `thread ${thread.number}`), [port.owner]);
});

Deno.test("who else has the port is told at the start, and nobody says that it is served", async () => {
  const { port, threads, pass, open } = someKeepers(2, 9_464);
  port.owner = "another process";
  await open();
  const lines = threads.flatMap(({ thread }) => thread.logger.lines);
  const line =
    "busbar: Cannot serve metrics: 127.0.0.1:9464 is in use: by another process, or by a " +
    "thread that hangs; it is tried again";
  assertEquals(new Set(lines), new Set([line]));
  assertEquals(threads.map(({ keeper }) => keeper.metricsUrl), [undefined, undefined]);
  port.owner = undefined;
  await pass(5_000);
  const url = "http://127.0.0.1:9464/metrics";
  assertEquals(threads.map(({ keeper }) => keeper.metricsUrl), [url, url]);
});

Deno.test("a thread that opens no port takes it from nobody", async () => {
  const { world, port, threads: [only], pass } = someKeepers(1);
  world.start(2).membership.yield("port", Infinity);
  port.owner = "another process";
  const opened = only!.keeper.open();
  await pass(10_000);
  await opened;
  port.owner = undefined;
  await pass(3_000);
  assertEquals(port.owner, "thread 1");
});

Deno.test("at the start, what is not somebody else's having it is an error; later it is told", async () => {
  const { port, threads: [only], pass } = someKeepers(1);
  port.failure = new Error("it is not permitted");
  await assertRejects(() => only!.keeper.open(), Error, "it is not permitted");
  await pass(10_000);
  const [line] = only!.thread.logger.lines;
  assertEquals(
    line,
    "busbar: Cannot serve the metrics of all threads: it is not permitted",
  );
  port.failure = undefined;
  await pass(1_500);
  assertEquals(port.owner, "thread 1");
});

Deno.test("a keeper that was closed serves no more", async () => {
  const { port, threads: [only], pass } = someKeepers(1);
  await only!.keeper.open();
  await only!.keeper.shutdown();
  assertEquals(port.owner, undefined);
  await pass(5_000);
  assertEquals([port.owner, only!.keeper.metricsUrl], [undefined, undefined]);
});
