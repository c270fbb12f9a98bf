import { observability } from "../../observability.ts";

/** Not at build time. */
export const dynamic = "force-dynamic";

/** `/metrics`, for Prometheus. Whoever reaches the service reads it, unless a token is set. */
export async function GET(request: Request): Promise<Response> {
  return await (await observability()).handler(request);
}
