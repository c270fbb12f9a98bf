/** Where an exporter sends to, as a message shows it; `undefined` if it does not say. */
export function urlOf(exporter: object): string | undefined {
  const { url } = exporter as { url?: unknown };
  return typeof url === "string" ? url : undefined;
}

/** What is exported, and where to: `spans to http://127.0.0.1:4318/v1/traces`. */
export function withUrl(itemName: string, exporter: object): string {
  const url = urlOf(exporter);
  return url === undefined ? itemName : `${itemName} to ${url}`;
}

/** Without user name, password and query, which may hold secrets. */
export function shownUrl(url: string): string {
  return url.replace(/[?#].*$/s, "").replace(/^([a-z]+:\/\/)[^/]*@/i, "$1");
}
