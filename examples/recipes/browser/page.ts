import { initEventBus } from "@busbar/busbar";
import { installExitHooks } from "@busbar/busbar/exit";
import { BeaconSubscriber } from "./beacon_subscriber.ts";
import type { PageEvents } from "./events.ts";

const bus = initEventBus<PageEvents>();
bus.registerSubscriber(new BeaconSubscriber<PageEvents>("/events"));
installExitHooks(bus); // `visibilitychange` and `pagehide`; never `unload`

const { document, location } = globalThis as unknown as {
  document: { querySelector(selector: string): EventTarget | null };
  location: { pathname: string };
};
bus.publish("page.shown", { path: location.pathname });
document.querySelector("#cart")?.addEventListener("click", () => {
  bus.publish("cart.opened", { items: 2 });
});
