import { inSlices, type Steps } from "../../internal/slices.ts";
import type { ResourceMetrics } from "../sdk_types.ts";

/** How many data points are written between two looks at the clock. */
const POINTS_PER_PART = 256;

/**
 * Metrics in parts of so many data points at most; only a large metric is split itself. By default they
 * are parts that are each written quickly.
 */
export function splitMetrics(
  metrics: ResourceMetrics,
  maxPoints: number = POINTS_PER_PART,
): readonly ResourceMetrics[] {
  const parts: ResourceMetrics[] = [];
  let points = maxPoints;
  let scopes: ResourceMetrics["scopeMetrics"] = [];
  for (const { scope, metrics: scopeMetrics } of metrics.scopeMetrics) {
    let current: (typeof scopeMetrics) | undefined;
    for (const metric of scopeMetrics) {
      for (let from = 0; from === 0 || from < metric.dataPoints.length; from += maxPoints) {
        const dataPoints = metric.dataPoints.slice(from, from + maxPoints);
        if (points + dataPoints.length > maxPoints) {
          parts.push({ resource: metrics.resource, scopeMetrics: scopes = [] });
          points = 0;
          current = undefined;
        }
        if (current === undefined) scopes.push({ scope, metrics: current = [] });
        current.push({ ...metric, dataPoints } as typeof metric);
        points += dataPoints.length;
      }
    }
  }
  return parts.length > 0 ? parts : [metrics];
}

/**
 * Writes items as the payload of one request, part by part in slices that leave the event loop
 * free: the official serializers write a request in one piece.
 *
 * Payloads are put together as their formats allow: protobuf messages whose bytes follow each other
 * are one message with the repeated fields of all (protobuf.dev/programming-guides/encoding, "Last
 * One Wins"), and in JSON the lists are joined.
 *
 * @param write writes one part as a request
 * @returns `undefined` if a part could not be written
 */
export function writePayload<Items>(
  parts: readonly Items[],
  write: (part: Items) => Uint8Array | undefined,
  isJson: boolean,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return inSlices(writeParts(parts, write, isJson));
}

function* writeParts<Items>(
  parts: readonly Items[],
  write: (part: Items) => Uint8Array | undefined,
  isJson: boolean,
): Steps<Uint8Array<ArrayBuffer> | undefined> {
  const written: Uint8Array[] = [];
  for (const part of parts) {
    const payload = write(part);
    if (payload === undefined) return undefined;
    written.push(payload);
    yield;
  }
  return join(isJson ? listsOf(written) : written);
}

/** The pieces of one request from several: `{"resourceMetrics":[` … `,` … `]}`. */
function listsOf(requests: readonly Uint8Array[]): Uint8Array[] {
  const comma = new TextEncoder().encode(",");
  return requests.flatMap((request, i) => {
    const isLast = i === requests.length - 1;
    const start = i === 0 ? 0 : request.indexOf("[".charCodeAt(0)) + 1;
    const piece = request.subarray(start, isLast ? request.length : request.length - "]}".length);
    return i === 0 ? [piece] : [comma, piece];
  });
}

function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
