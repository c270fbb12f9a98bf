import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import fc from "../../support/properties.ts";
import { T0, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare();
const DECLARED = {
  root: { root: true },
  other: { root: true },
  part: { parent: "root" },
  detail: { parent: "part" },
  plain: {},
} as const;
type Name = keyof typeof DECLARED;
const isRoot = (name: Name) => "root" in DECLARED[name];

/** A span as whoever looks through lists would keep it. */
interface Model {
  readonly id: number;
  readonly name: Name;
  readonly session: string;
  readonly operation: string;
  readonly parent: Model | undefined;
  readonly root: Model | undefined;
  heldBy: number;
  ownEnd: number | undefined;
  lastEnd: number;
  end: number | undefined;
}

/** What the documentation says of parents and ends, in as few words as possible. */
function createModel() {
  const [all, waiting]: [Model[], Model[]] = [[], []];
  const finish = (one: Model, end: number) => {
    one.end = end;
    const { root } = one;
    if (root === undefined) return;
    root.lastEnd = Math.max(root.lastEnd, end);
    if (--root.heldBy === 0 && root.ownEnd !== undefined) {
      finish(root, Math.max(root.ownEnd, root.lastEnd));
    }
  };
  const parentOf = (name: Name, session: string, operation: string) => {
    if (isRoot(name)) return undefined;
    const open = all.filter((one) => one.session === session && one.end === undefined);
    const wanted = (DECLARED[name] as { parent?: string }).parent;
    const same = operation !== "" &&
      waiting.find((one) =>
        one.name === wanted && one.session === session && one.operation === operation
      );
    return same || (open.findLast((one) => one.name === wanted) ??
      open.findLast((one) => isRoot(one.name)));
  };
  return {
    all,
    start(id: number, name: Name, session: string, operation: string) {
      const parent = parentOf(name, session, operation);
      const root = parent && (isRoot(parent.name) ? parent : parent.root);
      if (root !== undefined) root.heldBy++;
      const told = { id, name, session, operation, parent, root };
      const one = { ...told, heldBy: 0, ownEnd: undefined, lastEnd: -1, end: undefined };
      all.push(one);
      waiting.push(one);
    },
    end(at: number, name: Name, session: string, operation: string) {
      const found = waiting.find((one) =>
        one.name === name && one.session === session && one.operation === operation
      );
      if (found === undefined) return;
      waiting.splice(waiting.indexOf(found), 1);
      if (found.heldBy > 0) found.ownEnd = at;
      else finish(found, Math.max(at, found.lastEnd));
    },
  };
}

const step = fc.tuple(
  fc.constantFrom("start", "start", "end"),
  fc.constantFrom(...Object.keys(DECLARED) as Name[]),
  fc.constantFrom("a", "b", ""),
  fc.constantFrom("", "1", "2"),
);

Deno.test("Whatever starts and ends where, parents and ends are those of a model that looks through lists", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const traced = tracedBus(
        Object.fromEntries(
          Object.entries(DECLARED).map(([name, options]) => [
            name,
            span(`${name}.start`, `${name}.end`, options as never) as never,
          ]),
        ),
      );
      const model = createModel();
      for (const [at, [what, name, sessionId, operationId]] of steps.entries()) {
        const metadata = what === "start" ? { id: at } : {};
        traced.publish(`${name}.${what}`, at, metadata, { sessionId, operationId });
        if (what === "start") model.start(at, name, sessionId, operationId);
        else model.end(at, name, sessionId, operationId);
      }
      const ended = await traced.stop();
      const ids = new Map(ended.map((one) => [one.spanContext().spanId, one.attributes["id"]]));
      const made = ended.map(({ attributes, name, parentSpanContext, endTime }) => ({
        id: attributes["id"],
        name,
        parent: parentSpanContext && ids.get(parentSpanContext.spanId),
        // What never ended expires at the stop.
        end: attributes["busbar.expired"] === true
          ? undefined
          : Math.round(endTime[0] * 1e3 + endTime[1] / 1e6) - T0,
      }));
      const isExpired = (one: Model) => one.end === undefined;
      const expected = model.all.map((one) => ({
        id: one.id,
        name: one.name,
        parent: one.parent?.id,
        end: one.end,
      }));
      const byId = (a: { id: unknown }, b: { id: unknown }) => Number(a.id) - Number(b.id);
      // A root that only waited ends at the stop, with what held it.
      const held = new Set(model.all.filter((one) => isExpired(one) && one.ownEnd !== undefined));
      const heldIds = new Set([...held].map(({ id }) => id));
      const known = made.map((one) =>
        heldIds.has(Number(one.id)) ? { ...one, end: undefined } : one
      );
      assertEquals(known.toSorted(byId), expected);
    }),
  );
});
