import type { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import type { PageEvents } from "./events.ts";

/** What the receiver publishes: what pages say, and what is wrong with it. */
export interface SiteEvents extends PageEvents {
  "page.events.dropped": { count: number };
  "page.events.malformed": undefined;
}

const { catalog, counter, histogram } = declare<SiteEvents>();

/** The metrics that they become. */
export const site = catalog({
  metrics: {
    "page.views": counter("page.shown", { description: "Pages that were shown" }),
    "cart.items": histogram("cart.opened", {
      description: "Items in a cart when it is opened",
      value: ({ metadata }) => metadata.items,
      unit: "items",
      buckets: [0, 1, 2, 5, 10],
    }),
    "page.events.dropped": counter("page.events.dropped", {
      description: "Events that a page could not keep",
      value: ({ metadata }) => metadata.count,
    }),
    "page.events.malformed": counter("page.events.malformed", {
      description: "Lines that no page of ours has sent",
    }),
  },
});

const MAX_BYTES = 64 * 1024;

/** What is served beside the events. */
interface Files {
  readonly html: string;
  readonly script: string;
}

/** Serves a page, and takes its events: anybody may send anything. */
export function createSite(bus: EventBus<SiteEvents>, { html, script }: Files) {
  return async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === "/events" && request.method === "POST") {
      // A server behind a proxy lets that cut longer ones off.
      const body = await request.text();
      if (body.length > MAX_BYTES) return new Response(null, { status: 413 });
      for (const line of body.split("\n")) if (line !== "") receive(bus, line);
      return new Response(null, { status: 204 });
    }
    if (pathname === "/page.js") {
      return new Response(script, { headers: { "content-type": "text/javascript" } });
    }
    if (pathname !== "/") return new Response("not found", { status: 404 });
    return new Response(html, { headers: { "content-type": "text/html" } });
  };
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 1_000_000;

/** Takes what is known, and none of the rest: names become metrics, and clocks of pages are wrong. */
function receive(bus: EventBus<SiteEvents>, line: string): void {
  try {
    const { type, metadata, dropped } = JSON.parse(line);
    if (isCount(dropped)) bus.publish("page.events.dropped", { count: dropped });
    else if (type === "page.shown") bus.publish(type, { path: String(metadata.path) });
    else if (type === "cart.opened" && isCount(metadata.items)) {
      bus.publish(type, { items: metadata.items });
    } else bus.publish("page.events.malformed");
  } catch {
    bus.publish("page.events.malformed");
  }
}
