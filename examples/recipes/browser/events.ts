/** What a page publishes. */
export interface PageEvents {
  "page.shown": { path: string };
  "cart.opened": { items: number };
}
