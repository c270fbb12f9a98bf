/** What a request of a service does, beside what it is there for. */
export interface Instrumentation<Request> {
  /** The request has arrived. */
  begin(): Request;
  /** Its query has begun and ended. */
  query(request: Request): void;
  /** It has been answered. */
  end(request: Request): void;
  /** Resolves when nothing is under way, to how many requests and queries its metrics have. */
  settle(): Promise<Delivered>;
  shutdown(): unknown;
}

/** What the metrics of a service say. */
export interface Delivered {
  readonly counted: number;
  readonly timed: number;
}
