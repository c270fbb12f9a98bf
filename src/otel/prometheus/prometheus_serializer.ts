import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { Logger } from "../../internal/logger.ts";
import { Families, type FamiliesOptions } from "./families.ts";
import type { Family } from "./family.ts";
import { ReportOnce } from "../../internal/report_once.ts";
import { writeFamilies } from "./write_families.ts";
import type { ScrapeFormat } from "./scrape_format.ts";
import { inSlices } from "../../internal/slices.ts";

/**
 * Writes what was collected as Prometheus text 0.0.4 or OpenMetrics 1.0.0, in slices that leave the
 * event loop free. It stands in for the exporter's serializer, which knows one format, appends no
 * units, writes the same series twice where names collide, and nothing for exponential histograms.
 */
export class PrometheusSerializer {
  readonly #families: Families;

  /** What cannot be shown as it is, is logged once. */
  constructor(logger: Logger, options: FamiliesOptions) {
    this.#families = new Families(new ReportOnce(logger), options);
  }

  /** Groups what was collected into families, once for all formats. */
  group(collected: ResourceMetrics): Promise<readonly Family[]> {
    return inSlices(this.#families.group(collected));
  }

  /** Writes the families in a format. */
  write(families: readonly Family[], format: ScrapeFormat): Promise<string> {
    return inSlices(writeFamilies(families, format));
  }
}
