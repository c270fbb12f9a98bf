import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { labelName } from "../../catalog/scrape_name.ts";
import type { FixedLabel } from "./label_formatter.ts";
import { labelValue } from "./label_value.ts";

/** Which instrumentation scopes are named on their series: all, or all but Busbar's own. */
export type ScopeLabels = "others" | "all";

/** All of them. */
export const SCOPE_LABELS: readonly ScopeLabels[] = ["others", "all"];

/** The SDK's scope, whose attributes its types leave out. */
type Scope = ScopeMetrics["scope"] & { readonly attributes?: unknown };

const PREFIX = "otel_scope_";

/**
 * The labels that tell an instrumentation scope apart, by "Instrumentation Scope" of OpenTelemetry's
 * compatibility specification: an attribute that would be called as one of the three is left out.
 */
export function scopeLabels(scope: Scope): readonly FixedLabel[] {
  const { name, version, schemaUrl, attributes } = scope;
  const labels: FixedLabel[] = [
    [`${PREFIX}name`, name],
    [`${PREFIX}schema_url`, schemaUrl ?? ""],
    [`${PREFIX}version`, version ?? ""],
  ].map(([label, value]): FixedLabel => [label as string, labelValue(value)]);
  const taken = new Set(labels.map(([label]) => label));
  if (typeof attributes === "object" && attributes !== null) {
    for (const [attribute, value] of Object.entries(attributes)) {
      const label = PREFIX + attribute;
      if (value === undefined || value === null || taken.has(labelName(label))) continue;
      labels.push([label, labelValue(value)]);
    }
  }
  // To Prometheus an empty label is a missing one.
  return labels.filter(([, value]) => value !== "");
}

/** Whether a scope says no more than its name. */
export function isPlain(scope: Scope): boolean {
  return scopeLabels(scope).every(([label]) => label === `${PREFIX}name`);
}
