import type { EventBus } from "@busbar/busbar";
import type { ShopEvents } from "./catalog.ts";

/**
 * The service. It contains no metrics, traces or logs: it only publishes events. Each request is a
 * session, which groups its events.
 */
export function createShop(bus: EventBus<ShopEvents>): (request: Request) => Promise<Response> {
  return async (request) => {
    const sessionId = crypto.randomUUID();
    const { pathname } = new URL(request.url);
    const route = pathname === "/checkout" ? "/checkout" : "other";
    const common = { operationId: sessionId, method: request.method, route };
    const traceparent = request.headers.get("traceparent") ?? undefined;
    bus.publish("http.request.start", common, { sessionId, traceparent });
    const response = route === "/checkout" && request.method === "POST"
      ? await checkout(bus, request, sessionId)
      : Response.json({ error: "POST /checkout is all there is" }, { status: 404 });
    bus.publish("http.request.end", { ...common, status: response.status }, { sessionId });
    return response;
  };
}

async function checkout(
  bus: EventBus<ShopEvents>,
  request: Request,
  sessionId: string,
): Promise<Response> {
  const order: Record<string, unknown> | null = await request.json().catch(() => null);
  const { cart, totalCents } = order ?? {};
  if (typeof cart !== "string" || typeof totalCents !== "number" || !(totalCents >= 0)) {
    return Response.json({ error: "cart and totalCents are needed" }, { status: 400 });
  }
  bus.publish("checkout.start", { cart }, { sessionId });
  // Stands for the card's bank, which declines large amounts.
  const status = totalCents > 10_000 ? "declined" : "ok";
  bus.publish("checkout.end", { cart, totalCents, status }, { sessionId });
  return Response.json({ status }, { status: status === "ok" ? 200 : 402 });
}
