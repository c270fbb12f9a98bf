import { assertEquals } from "@std/assert";
import { currentBaggage, operation, readBaggage, withSession } from "@busbar/busbar/context";
import { instrumentFetch } from "@busbar/busbar/instrumentation/http";
import { CHARGE, CHECKOUT } from "../../support/contexts.ts";
import { serve } from "../../support/loopback.ts";
import { tracedShop } from "../../support/shop_spans.ts";

Deno.test("what another service does is a child of the operation that asked it to", async () => {
  const [front, back] = [tracedShop(), tracedShop()];
  const tenants = new Set<string | undefined>();
  await using server = await serve(({ headers }) => {
    const caller = {
      traceparent: headers.get("traceparent"),
      tracestate: headers.get("tracestate"),
      baggage: readBaggage(headers.get("baggage"), ["tenant"]),
    };
    return withSession(caller, () =>
      operation(back.bus, CHARGE, undefined, async (op) => {
        await null;
        tenants.add(currentBaggage().tenant);
        return op.end(undefined, new Response("charged"));
      }));
  });
  const fetch = instrumentFetch({ origins: [server.origin], baggage: ["tenant"] });
  const customers = Array.from({ length: 20 }, (_, i) => `customer ${i}`);
  await Promise.all(
    customers.map((cart) =>
      withSession(
        { baggage: { tenant: cart } },
        () =>
          operation(front.bus, CHECKOUT, { cart }, async (op) => {
            // At once: no event has been handled yet.
            await (await fetch(server.origin)).text();
            return op.end({ total: 1 });
          }),
      )
    ),
  );
  const [asking, asked] = [await front.spans(), await back.spans()];
  assertEquals([asking.length, asked.length], [20, 20]);
  const idsOf = (context: { traceId: string; spanId: string } | undefined) =>
    `${context?.traceId} ${context?.spanId}`;
  assertEquals(
    asked.map(({ parentSpanContext }) => idsOf(parentSpanContext)).toSorted(),
    asking.map((span) => idsOf(span.spanContext())).toSorted(),
  );
  assertEquals(tenants, new Set(customers));
});
