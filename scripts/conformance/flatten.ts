// deno-lint-ignore-file no-explicit-any -- requests are looked into as a receiver does
/**
 * What a receiver finds in a request, one item after the other.
 *
 * @module
 */

/** Each span, log record or data point of a request, with all that it belongs to, but for the push. */
export function itemsOf(body: any): string[] {
  const resources = body.resourceSpans ?? body.resourceLogs ?? body.resourceMetrics ?? [];
  return resources.flatMap(({ resource, schemaUrl, ...scoped }: any) =>
    Object.values<any>(scoped).flat().flatMap(({ scope, ...rest }: any) =>
      (rest.spans ?? rest.logRecords ?? (rest.metrics ?? []).flatMap(pointsOf)).map((item: any) =>
        stable({ resource: withoutPush(resource), schemaUrl, scope, item })
      )
    )
  );
}

/** Which push a request is. */
export function pushOf(body: any): string {
  const [first] = body.resourceSpans ?? body.resourceLogs ?? body.resourceMetrics ?? [];
  return first?.resource?.attributes?.find(({ key }: any) => key === "push")?.value?.stringValue ??
    "";
}

function pointsOf({ sum, gauge, histogram, ...metric }: any): any[] {
  const [kind, data] = Object.entries<any>({ sum, gauge, histogram })
    .find(([, data]) => data !== undefined) ?? ["", { dataPoints: [] }];
  const { dataPoints, ...rest } = data;
  return dataPoints.map((point: any) => ({ metric, kind, ...rest, point }));
}

function withoutPush(resource: any): any {
  return {
    ...resource,
    attributes: resource?.attributes?.filter(({ key }: any) => key !== "push"),
  };
}

/** JSON whose keys are in order. */
function stable(value: unknown): string {
  return JSON.stringify(
    value,
    (_, inner) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => a < b ? -1 : 1))
        : inner,
  );
}
