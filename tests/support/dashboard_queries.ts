/** The queries of a dashboard as plain PromQL, to check that each returns data. */
export function dashboardQueries(dashboardJson: string, window = "5m"): string[] {
  const { panels = [] } = JSON.parse(dashboardJson) as {
    panels?: { targets?: { expr?: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => expr ?? []))
    .map((expr) => expr.replaceAll("$__rate_interval", window));
}
