import type { EventBus } from "@busbar/busbar";
import { operation, withSession } from "@busbar/busbar/context";
import type { ShopEvents } from "./catalog.ts";

/**
 * The service. It contains no metrics, traces or logs: it only publishes events. Each request is a
 * session, which groups its events and continues its caller's trace.
 */
export function createShop(bus: EventBus<ShopEvents>): (request: Request) => Promise<Response> {
  return (request) => {
    const { method, url, headers } = request;
    const isCheckout = new URL(url).pathname === "/checkout";
    const common = { method, route: isCheckout ? "/checkout" : "other" };
    const caller = {
      traceparent: headers.get("traceparent"),
      tracestate: headers.get("tracestate"),
    };
    return withSession(
      caller,
      () =>
        operation(bus, ["http.request.start", "http.request.end"], common, async (op) => {
          const response = isCheckout && method === "POST"
            ? await checkout(bus, request)
            : Response.json({ error: "POST /checkout is all there is" }, { status: 404 });
          return op.end({ ...common, status: response.status }, response);
        }, { failed: { ...common, status: 500 } }),
    );
  };
}

async function checkout(bus: EventBus<ShopEvents>, request: Request): Promise<Response> {
  const order: Record<string, unknown> | null = await request.json().catch(() => null);
  const { cart, totalCents } = order ?? {};
  if (typeof cart !== "string" || typeof totalCents !== "number" || !(totalCents >= 0)) {
    return Response.json({ error: "cart and totalCents are needed" }, { status: 400 });
  }
  // It knows nothing of the request, and yet is a part of it.
  const status = operation(bus, ["checkout.start", "checkout.end"], { cart }, (op) => {
    // Stands for the card's bank, which declines large amounts.
    const status = totalCents > 10_000 ? "declined" : "ok";
    return op.end({ cart, totalCents, status }, status);
  });
  return Response.json({ status }, { status: status === "ok" ? 200 : 402 });
}
