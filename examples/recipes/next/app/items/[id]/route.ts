import { instrumentHandler } from "@busbar/busbar/instrumentation/http";
import { observability } from "../../../observability.ts";

/** What Next hands over beside the request. */
interface Context {
  readonly params: Promise<{ readonly id: string }>;
}

async function item(_request: Request, { params }: Context): Promise<Response> {
  const { id } = await params;
  if (id === "broken") throw new Error("the stock cannot be read");
  return Response.json({ item: id });
}

export async function GET(request: Request, context: Context): Promise<Response> {
  const { bus } = await observability();
  return await instrumentHandler(bus, item, { route: ["/items/:id"] })(request, context);
}
